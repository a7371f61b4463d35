drop view saga_illegal_event, money_without_stock, saga_compensating, saga_overdue, saga_stuck;
drop table catalogue_product, saga_history, saga, order_line, orders;
