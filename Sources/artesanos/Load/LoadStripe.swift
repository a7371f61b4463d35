import Foundation
import StripeSandbox

/// The orders of a load beside what Stripe's stand-in has of them.
enum LoadStripe {
    /// How many have another sum charged than they should, or more than one PaymentIntent.
    static func differing(_ orders: [LoadedOrder], from snapshot: SandboxSnapshot) -> Int {
        var intents: [String: [SandboxSnapshot.PaymentIntent]] = [:]
        for intent in snapshot.paymentIntents {
            if let order = intent.metadata["order_id"]?.lowercased() { intents[order, default: []].append(intent) }
        }
        var charged: [String: Int64] = [:]
        for charge in snapshot.charges where charge.status == "succeeded" {
            charged[charge.paymentIntent, default: 0] += charge.amount - charge.amountRefunded
        }
        return orders.count { order in
            guard let id = order.orderID?.uuidString.lowercased() else { return false }
            let made = intents[id] ?? []
            let net = made.reduce(0) { $0 + charged[$1.id, default: 0] }
            let isPaid = order.status == "CONFIRMED"
            return made.count > 1 || isPaid != (net > 0) || (isPaid && net != made.first?.amount)
        }
    }
}
