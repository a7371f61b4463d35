-- A payment needs a person
-- databases: payments

-- What a person has to look at.
select what, id, order_id, why, since from payment_attention;

-- Payments and refunds under way, oldest first.
select id, order_id, status, stripe_status, payment_intent_id, age, unchanged_for from payment_unfinished limit 50;
select id, order_id, amount_minor, currency, status, reason, age from refund_unfinished limit 50;

-- Charges through a PaymentIntent that is not the payment's own: give back one of the two at Stripe.
select e.payment_intent_id as other, p.payment_intent_id as own, p.id as payment_id, p.order_id, min(e.received_at) as since
from webhook_event e join payment p on p.id = e.payment_id
where p.alert = 'second_charge' and e.payment_intent_id is distinct from p.payment_intent_id
group by 1, 2, 3, 4;

-- Events that no payment could be found for, or that failed.
select id, type, payment_intent_id, state, error, received_at from webhook_event
where state in ('pending', 'failed') order by received_at limit 50;
