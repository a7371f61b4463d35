import Foundation

/// What a ``StockBook`` refuses.
enum StockBookError: Error, Hashable {
    /// An order is confirmed for which stock was never held: its lines are not known here.
    case confirmedWithoutReservation(UUID)
    case unknownProduct(String)
    /// An adjustment would leave fewer pieces than are held for orders.
    case tooFewLeft(sku: String, onHand: Int, reserved: Int)
}
