-- A payment needs a person
-- databases: payments

-- What a person has to look at.
select what, id, order_id, why, since from payment_attention;

-- Payments and refunds under way, oldest first.
select id, order_id, status, stripe_status, payment_intent_id, age, unchanged_for from payment_unfinished limit 50;
select id, order_id, amount_minor, currency, status, reason, age from refund_unfinished limit 50;

-- Charges through a PaymentIntent that is not the payment's own: give back one of the two at Stripe.
select h.note, p.payment_intent_id as own, p.id as payment_id, p.order_id, h.occurred_at
from payment_history h join payment p on p.id = h.payment_id
where p.alert is not null and h.note like 'second charge: %';

-- Events that no payment could be found for, or that failed.
select id, type, payment_intent_id, state, error, received_at from webhook_event
where state in ('pending', 'failed') order by received_at limit 50;
