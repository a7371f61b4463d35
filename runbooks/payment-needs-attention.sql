-- A payment needs a person
-- databases: payments

-- What a person has to look at.
select what, id, order_id, why, since from payment_attention;

-- Payments and refunds under way, oldest first.
select id, order_id, status, stripe_status, payment_intent_id, age, unchanged_for from payment_unfinished limit 50;
select id, order_id, amount_minor, currency, status, reason, age from refund_unfinished limit 50;
