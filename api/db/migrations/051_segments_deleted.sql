-- Since when a segment is being deleted: a million members leave chunk by chunk, and its row is the last to go.
alter table segment add column deleting_at timestamptz;
