-- Serves the list of a customer's orders, whatever their status.
create index orders_by_customer on orders (project_id, customer_id, id);
