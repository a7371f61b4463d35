import Contracts
import Foundation

/// The bodies of the calls that change something at Stripe. They are made once, persisted, and sent byte for byte.
enum StripeRequests {
    /// A PaymentIntent that is not confirmed: nothing is charged by making it, so an answer that was lost can be asked
    /// for again even when the order has ended meanwhile.
    static func create(_ payment: Payment, attempt: UUID) -> [UInt8] {
        var form = StripeForm()
        form.add("amount", payment.price?.amount ?? 0)
        form.add("currency", (payment.price?.currency ?? "").lowercased())
        form.add("automatic_payment_methods[enabled]", "true")
        // Nobody is there who could be sent to a bank's page and back.
        if payment.isServerConfirmed { form.add("automatic_payment_methods[allow_redirects]", "never") }
        addMetadata(&form, payment)
        form.add("metadata[attempt_id]", attempt.uuidString.lowercased())
        return form.bytes
    }

    static func confirm(_ payment: Payment) -> [UInt8] {
        var form = StripeForm()
        form.add("payment_method", payment.paymentMethod)
        return form.bytes
    }

    /// Source of the reasons: https://docs.stripe.com/api/payment_intents/cancel
    static func cancel(_ payment: Payment) -> [UInt8] {
        var form = StripeForm()
        let isWanted = payment.cancelReason == "customer_request"
        form.add("cancellation_reason", isWanted ? "requested_by_customer" : "abandoned")
        return form.bytes
    }

    static func refund(_ refund: Refund, of payment: Payment) -> [UInt8] {
        var form = StripeForm()
        form.add("payment_intent", payment.paymentIntentID)
        form.add("amount", refund.amount.amount)
        let isWanted = refund.reason == "customer_request" || refund.reason == "requested_by_customer"
        if isWanted {
            form.add("reason", "requested_by_customer")
        } else if refund.reason == "duplicate" || refund.reason == "fraudulent" {
            form.add("reason", refund.reason)
        }
        addMetadata(&form, payment)
        form.add("metadata[refund_id]", refund.id.uuidString.lowercased())
        return form.bytes
    }

    private static func addMetadata(_ form: inout StripeForm, _ payment: Payment) {
        form.add("metadata[order_id]", payment.orderID.uuidString.lowercased())
        form.add("metadata[saga_id]", payment.sagaID.uuidString.lowercased())
        form.add("metadata[payment_id]", payment.id.uuidString.lowercased())
    }
}
