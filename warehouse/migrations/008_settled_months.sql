-- A customer's history is read from every month's partition, and costs by the number of parts there. A month in which
-- nothing new has come for six hours is merged into one part, all of it or not at all.
ALTER TABLE {database}.events_raw {on_cluster}
  MODIFY SETTING min_age_to_force_merge_seconds = 21600, min_age_to_force_merge_on_partition_only = 1;
