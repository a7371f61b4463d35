import Hummingbird
import Postgres
import ServiceRuntime

/// Reservations over HTTP: for operators.
struct ReservationRoutes: Sendable {
    let pool: PostgresPool
    let store: StockBookStore

    func add(to router: Router<AppRequestContext>) {
        router.get("/reservations/{id}", use: show)
        router.post("/reservations/{id}/release", use: release)
        router.post("/reservations/{id}/extend", use: extend)
    }

    @Sendable private func show(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        try context.requireRole(.ops)
        guard let reservation = try await StockReader.reservation(try context.uuid("id"), on: pool) else {
            throw Problem.notFound("reservation")
        }
        return try TaggedJSON(ReservationView(reservation)).answer(to: request)
    }

    @Sendable private func release(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.ops)
        let id = try context.uuid("id")
        let check = Self.check(request)
        let reservation = try await pool.withRetriedTransaction { transaction in
            try await ReleaseReservation(store: store).run(id, by: identity, check: check, in: transaction)
        }
        return try TaggedJSON(ReservationView(reservation)).response
    }

    @Sendable private func extend(_ request: Request, _ context: AppRequestContext) async throws -> Response {
        let identity = try context.requireRole(.ops)
        let id = try context.uuid("id")
        let body = try await decodeJSON(ExtensionBody.self, from: request, context: context)
        let check = Self.check(request)
        let reservation = try await pool.withRetriedTransaction { transaction in
            try await ExtendReservation(store: store).run(
                id, seconds: body.seconds, by: identity, check: check, in: transaction)
        }
        return try TaggedJSON(ReservationView(reservation)).response
    }

    /// `If-Match`, where it is sent, has to name the reservation as it is now.
    private static func check(_ request: Request) -> Check<Reservation> {
        { (reservation: Reservation) throws(Problem) in
            try request.requireMatch(ReservationView(reservation).tag)
        }
    }
}
