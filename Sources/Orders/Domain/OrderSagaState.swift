public import Contracts
public import Foundation

/// All that the saga knows of its order, kept as JSON beside its step.
public struct OrderSagaState: Codable, Sendable, Hashable {
    /// What is known of the stock, and so whether it still has to be given back.
    public enum Stock: String, Codable, Sendable, Hashable, CaseIterable {
        /// Inventory has not answered yet.
        case unknown
        /// Inventory said that nothing is held.
        case none
        case held
        case released
        /// The order is confirmed; inventory makes the hold a sale.
        case committed
    }

    /// The reservation that inventory last spoke of; kept after its end, to know what comes late.
    public struct Hold: Codable, Sendable, Hashable {
        public var reservationId: UUID
        /// When it ends by itself, by inventory's clock; nil when only its end was heard of.
        public var expiresAt: Date?

        public init(reservationId: UUID, expiresAt: Date? = nil) {
            self.reservationId = reservationId
            self.expiresAt = expiresAt
        }
    }

    /// What is known of the money.
    public enum Payment: String, Codable, Sendable, Hashable, CaseIterable {
        case unknown, pending, succeeded, failed, cancelled, refunded
    }

    /// Whether stock was asked for once more, because money came late.
    public enum Rescue: String, Codable, Sendable, Hashable, CaseIterable {
        case none, asked, won, lost
    }

    /// The version of the definition that began it.
    public var version: Int = OrderSaga.version
    public var step: OrderSagaStep = .started
    public var order: OrderStatus = .pending
    public var stock: Stock = .unknown
    public var hold: Hold?
    public var payment: Payment = .unknown
    /// Why the order ended, or why it is overdue: the code of `order.cancelled.v1` or `order.failed.v1`.
    public var reason: String?
    /// What was missing, when the reason is stock.
    public var shortages: [Shortage] = []
    /// The payment's deadline has passed; payments was asked to cancel and to say how it ended.
    public var overdue = false
    /// The whole running phase is over: the payment is not waited for any longer.
    public var totalPassed = false
    /// How often the payment's deadline was put off because Stripe was processing.
    public var extensions = 0
    /// How often the present question was repeated.
    public var attempts = 0
    public var rescue: Rescue = .none
    /// Why the money is to be given back; nil while it is not. Decided at most once.
    public var refundReason: String?
    /// What was given back, in minor units, by refund id; 0 for one that failed.
    public var refunds: [String: Int64] = [:]
    /// The order's price in minor units.
    public var total: Int64
    /// Nothing is awaited any more. A late payment can open it again.
    public var settled = false
    /// What the running deadline is for; nil exactly when settled.
    public var deadline: OrderSagaDeadline?

    /// A saga before its first event. `total` is the order's price in minor units.
    public init(total: Int64) {
        self.total = total
    }

    /// Whether a reservation is later than the known one, if there is one: an order has one at a time, and their ids grow
    /// (`InventoryReserved`).
    func isLater(_ reservation: UUID) -> Bool { hold.map { reservation > $0.reservationId } ?? true }
    /// Whether what is held is a later reservation than this one.
    func holdsLater(than reservation: UUID) -> Bool {
        stock == .held && hold.map { reservation < $0.reservationId } ?? false
    }

    /// Whether the stock is known to be free again.
    public var stockIsUndone: Bool { stock == .none || stock == .released }
    /// Whether the money is known not to be taken, or to be back.
    public var paymentIsUndone: Bool { payment == .failed || payment == .cancelled || payment == .refunded }
    /// Whether nothing is left to be undone.
    public var isUndone: Bool { stockIsUndone && paymentIsUndone && rescue != .asked }
}

extension OrderSagaState {
    /// Reads what is there and takes the default for what is not, so that a row written before a field existed is read.
    public init(from decoder: any Decoder) throws {
        let row = try decoder.container(keyedBy: CodingKeys.self)
        func value<Value: Decodable>(_ key: CodingKeys, _ absent: Value) throws -> Value {
            try row.decodeIfPresent(Value.self, forKey: key) ?? absent
        }
        self.init(total: try row.decode(Int64.self, forKey: .total))
        version = try row.decode(Int.self, forKey: .version)
        step = try row.decode(OrderSagaStep.self, forKey: .step)
        order = try row.decode(OrderStatus.self, forKey: .order)
        stock = try value(.stock, stock)
        hold = try row.decodeIfPresent(Hold.self, forKey: .hold)
        payment = try value(.payment, payment)
        reason = try row.decodeIfPresent(String.self, forKey: .reason)
        shortages = try value(.shortages, shortages)
        overdue = try value(.overdue, overdue)
        totalPassed = try value(.totalPassed, totalPassed)
        extensions = try value(.extensions, extensions)
        attempts = try value(.attempts, attempts)
        rescue = try value(.rescue, rescue)
        refundReason = try row.decodeIfPresent(String.self, forKey: .refundReason)
        refunds = try value(.refunds, refunds)
        settled = try value(.settled, settled)
        deadline = try row.decodeIfPresent(OrderSagaDeadline.self, forKey: .deadline)
    }
}
