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

    @Sendable private func show(_ request: Request, _ context: AppRequestContext) async throws -> ReservationView {
        try context.requireRole(.ops)
        guard let reservation = try await StockReader.reservation(try context.uuid("id"), on: pool) else {
            throw Problem.notFound("reservation")
        }
        return ReservationView(reservation)
    }

    @Sendable private func release(_ request: Request, _ context: AppRequestContext) async throws -> ReservationView {
        let identity = try context.requireRole(.ops)
        let id = try context.uuid("id")
        return try await pool.withRetriedTransaction { transaction in
            ReservationView(try await ReleaseReservation(store: store).run(id, by: identity, in: transaction))
        }
    }

    @Sendable private func extend(_ request: Request, _ context: AppRequestContext) async throws -> ReservationView {
        let identity = try context.requireRole(.ops)
        let id = try context.uuid("id")
        let body = try await decodeJSON(ExtensionBody.self, from: request, context: context)
        return try await pool.withRetriedTransaction { transaction in
            ReservationView(
                try await ExtendReservation(store: store).run(
                    id, seconds: body.seconds, by: identity, in: transaction))
        }
    }
}

extension ReservationView: ResponseEncodable {}
