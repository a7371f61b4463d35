import Composition
import Inventory
import ServiceRuntime

/// What a person is told when the development system is ready.
struct Welcome {
    let running: DevelopmentSystem.Running
    let folder: DevelopmentFolder
    /// Of a customer.
    let token: String

    func text(_ terminal: Terminal, startedWithin time: Duration) -> String {
        let state = running.state
        let orders = state.services[ServiceName.orders.rawValue] ?? ""
        let sku = CatalogueSeed.pieces.first { $0.stock > 20 }?.sku ?? ""
        let seconds = Double(time.components.seconds) + Double(time.components.attoseconds) / 1e18
        func heading(_ text: String) -> String { terminal.paint(text, .bold) }
        func dim(_ text: String) -> String { terminal.paint(text, .dim) }
        return """

            \(heading("Artesanos runs")) (ready after \(Age.text(seconds: seconds))). Ctrl-C stops everything.

            \(places.map { "  " + terminal.paint(Self.padded($0.name), .cyan) + $0.address }.joined(separator: "\n"))

            \(heading("Place an order")) (paste both lines):

            TOKEN=\(token)
            curl -sS -X POST '\(orders)/orders?wait=5s' -H "Authorization: Bearer $TOKEN" \
            -H "Idempotency-Key: $(date +%s)-$RANDOM" -H 'Content-Type: application/json' \
            -d '{"lines":[{"sku":"\(sku)","quantity":1}],"paymentMethod":"pm_card_visa"}'

            \(heading("See it")):

            \(dim("# your orders"))
            curl -sS -H "Authorization: Bearer $TOKEN" '\(orders)/orders'
            \(dim("# the newest order, as operators see it"))
            \(program) saga list --all --limit 1\(option)
            \(dim("# every way an order can take"))
            \(program) demo\(option)
            \(state.sandbox == nil ? "" : "\n" + cards)
            """
    }

    private var cards: String {
        """
        Other cards: pm_card_chargeDeclined is declined, pm_card_authenticationRequired asks the customer first; without \
        a paymentMethod the customer pays with the client secret.

        """
    }

    private var places: [(name: String, address: String)] {
        let state = running.state
        var places = ServiceName.allCases.map { service in
            (service.rawValue, "\(state.services[service.rawValue] ?? "")   API: /openapi.yaml, health: /health/ready")
        }
        places.append(("relay", "\(state.relay)   /health/ready, /metrics"))
        places.append(("stripe", state.sandbox.map { "\($0)   sandbox" } ?? running.configuration.stripe.baseURL))
        places.append(("postgres", state.settings["ORDERS_DATABASE_URL"] ?? ""))
        places.append(("nats", state.settings["NATS_URL"] ?? ""))
        return places
    }

    private static func padded(_ name: String) -> String { name + String(repeating: " ", count: 12 - name.count) }

    /// As it was called, so that it can be pasted.
    private var program: String { CommandLine.arguments.first ?? "artesanos" }

    /// What the other commands need to find this system.
    private var option: String { folder.shownPath == ".dev" ? "" : " --dev '\(folder.shownPath)'" }
}
