-- Money was taken for an order that is not confirmed
-- databases: orders

-- Each row is on its way to stock (rescue) or to a refund.
select order_id, status, reason, rescue, refund_reason, deadline, unchanged_for from money_without_stock;
