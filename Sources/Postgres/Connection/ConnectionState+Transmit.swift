import CLibPQ

extension ConnectionState {
    /// Hands a request to libpq, which sends what the socket takes; the reactor sends the rest.
    mutating func transmit(_ request: Request) {
        guard let handle else { return }
        roundTrips += 1
        request.wasSent = true
        let isQueued =
            switch request.kind {
            case .pipeline: send(request, on: handle)
            case .script(let sql), .copy(let sql): PQexitPipelineMode(handle) == 1 && PQsendQuery(handle, sql) == 1
            }
        guard isQueued else { return close(.connection(handle)) }
        flush()
    }

    /// Sends what is waiting in libpq's buffer, as far as the socket takes it.
    mutating func flush() {
        guard let handle else { return }
        let status = PQflush(handle)
        guard status >= 0 else { return close(.connection(handle)) }
        let mustWait = status == 1
        if mustWait != isWaitingToWrite {
            isWaitingToWrite = mustWait
            reactor.setWriteInterest(mustWait, socket: socket, token: token)
        }
        if !mustWait, let active, let drained = active.drained {
            active.drained = nil
            effects.append(.drained(drained, nil))
        }
    }

    private mutating func send(_ request: Request, on handle: OpaquePointer) -> Bool {
        cache.beginRequest()
        request.expectations.reserveCapacity(request.steps.count)
        request.results.reserveCapacity(request.steps.count)
        for (index, step) in request.steps.enumerated() {
            let isQueued =
                usesPreparedStatements
                ? sendPrepared(step, index, request, handle) : sendUnprepared(step, index, request, handle)
            guard isQueued else { return false }
        }
        return PQpipelineSync(handle) == 1
    }

    /// Frees the names of statements that left the cache.
    private mutating func deallocateDiscarded(_ request: Request, _ handle: OpaquePointer) -> Bool {
        // In a failed transaction the server takes nothing but its end.
        if cache.discarded.isEmpty || PQtransactionStatus(handle) == PQTRANS_INERROR { return true }
        for name in cache.takeDiscarded() {
            request.expectations.append(.deallocate(name))
            guard PQsendQueryParams(handle, "DEALLOCATE \(name)", 0, nil, nil, nil, nil, 1) == 1 else { return false }
        }
        return true
    }

    private mutating func sendPrepared(
        _ step: Request.Step, _ index: Int, _ request: Request, _ handle: OpaquePointer
    ) -> Bool {
        let (entry, isNew) = cache.take(step.statement, types: request.parameters.types[step.parameters])
        if isNew {
            guard deallocateDiscarded(request, handle) else { return false }
            request.expectations.append(.prepare(entry, step: index))
            let types = entry.types.map(\.rawValue)
            guard PQsendPrepare(handle, entry.name, step.statement.sql, Int32(types.count), types) == 1 else {
                return false
            }
        }
        request.expectations.append(.execute(entry, step: index))
        return request.parameters.withPointers(step.parameters, scratch: &scratch) { pointers in
            entry.nameBytes.withUnsafeBufferPointer { name in
                PQsendQueryPrepared(
                    handle, name.baseAddress, pointers.count, pointers.values, pointers.lengths, pointers.formats, 1)
                    == 1
            }
        }
    }

    private mutating func sendUnprepared(
        _ step: Request.Step, _ index: Int, _ request: Request, _ handle: OpaquePointer
    ) -> Bool {
        request.expectations.append(.execute(nil, step: index))
        let types = request.parameters.types[step.parameters].map { ($0 ?? .unspecified).rawValue }
        return request.parameters.withPointers(step.parameters, scratch: &scratch) { pointers in
            PQsendQueryParams(
                handle, step.statement.sql, pointers.count, types, pointers.values, pointers.lengths,
                pointers.formats, 1) == 1
        }
    }
}
