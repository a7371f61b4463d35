import CLibPQ

extension ConnectionState {
    /// Reads what the server has sent and acts upon every complete answer.
    mutating func receive() {
        guard let handle else { return }
        guard PQconsumeInput(handle) == 1 else { return close(.connection(handle)) }
        process()
        drainTLS()
        while let handle = self.handle, let notification = PQnotifies(handle) { PQfreemem(notification) }
    }

    /// TLS may hold back up to one record (16 KiB) that was read from the socket, but did not fit into libpq's buffer.
    /// The poller cannot see it, and libpq (before version 18) does not look for it by itself.
    private mutating func drainTLS() {
        for _ in 0..<3 {
            guard let handle, active != nil, PQsslInUse(handle) == 1, PQisBusy(handle) == 1 else { return }
            guard PQconsumeInput(handle) == 1 else { return close(.connection(handle)) }
            process()
        }
    }

    private mutating func process() {
        // PQisBusy also reads notices and the like that come while nothing runs.
        while let handle, PQisBusy(handle) == 0, let request = active, !request.isTakingRows {
            switch request.kind {
            case .pipeline: processPipeline(request, PQgetResult(handle), handle)
            case .script, .copy: processSimple(request, PQgetResult(handle), handle)
            }
        }
        if let handle, PQstatus(handle) == CONNECTION_BAD { close(.connection(handle)) }
    }

    // MARK: Pipelines

    private mutating func processPipeline(_ request: Request, _ result: OpaquePointer?, _ handle: OpaquePointer) {
        guard let result else {
            // The end of one statement's results.
            request.cursor += 1
            return
        }
        switch PQresultStatus(result) {
        case PGRES_COMMAND_OK, PGRES_TUPLES_OK, PGRES_EMPTY_QUERY:
            guard case .execute(_, let step) = expectation(request) else { return PQclear(result) }
            if step < request.leadingSteps {
                // Nobody asks for the results of what travelled along.
                PQclear(result)
                request.results.append(.none)
            } else {
                request.results.append(PostgresRows(result: ResultHandle(result)))
            }
        case PGRES_PIPELINE_SYNC:
            PQclear(result)
            finishPipeline(request)
        case PGRES_PIPELINE_ABORTED:
            PQclear(result)
            forgetUnfinished(request)
        case PGRES_FATAL_ERROR:
            defer { PQclear(result) }
            fail(request, result)
        case PGRES_COPY_IN, PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            close(
                PostgresError(
                    .protocolViolation, "COPY cannot run as a query; use copyIn", statement: currentSQL(request)))
        default:
            PQclear(result)
            close(PostgresError(.protocolViolation, "libpq returned a result of a kind that is not known"))
        }
    }

    private func expectation(_ request: Request) -> Request.Expectation? {
        request.expectations.indices.contains(request.cursor) ? request.expectations[request.cursor] : nil
    }

    private func currentSQL(_ request: Request) -> String? {
        switch expectation(request) {
        case .prepare(_, let step), .execute(_, let step): request.sql(ofStep: step)
        case .deallocate, nil: request.sql(ofStep: 0)
        }
    }

    private mutating func fail(_ request: Request, _ result: OpaquePointer) {
        var error = PostgresError(
            result: result, statement: currentSQL(request), isCancelled: request.isCancelRequested)
        switch expectation(request) {
        case .prepare(let entry, let step):
            cache.remove(entry, isOnServer: false)
            error.pipelineIndex = request.pipelineIndex(ofStep: step)
        case .execute(let entry, let step):
            error.pipelineIndex = request.pipelineIndex(ofStep: step)
            if let entry, error.isStalePreparedStatement {
                cache.remove(entry, isOnServer: error.sqlState != PostgresSQLState.invalidSQLStatementName)
            }
        case .deallocate, nil: break
        }
        if request.error == nil { request.error = error }
        if error.code == .connection { close(error) }
    }

    /// A step that the server skipped because one before it had failed.
    private mutating func forgetUnfinished(_ request: Request) {
        switch expectation(request) {
        case .prepare(let entry, _): cache.remove(entry, isOnServer: false)
        case .deallocate(let name): cache.discardAgain(name)
        case .execute, nil: break
        }
    }

    private mutating func finishPipeline(_ request: Request) {
        // Outside of a transaction the pipeline has left nothing behind, so it can be sent again if nothing but the
        // first statement's being stale was wrong with it.
        if let error = request.error, error.isStalePreparedStatement, !request.isRetry, request.results.isEmpty,
            !request.isCancelRequested, transactionStatus == PQTRANS_IDLE
        {
            request.prepareForRetry()
            return transmit(request)
        }
        finish(request, with: request.error)
        sendNext()
    }

    // MARK: Scripts and COPY

    private mutating func processSimple(_ request: Request, _ result: OpaquePointer?, _ handle: OpaquePointer) {
        guard let result else {
            guard PQenterPipelineMode(handle) == 1 else { return close(.connection(handle)) }
            finish(request, with: request.error)
            return sendNext()
        }
        switch PQresultStatus(result) {
        case PGRES_FATAL_ERROR:
            defer { PQclear(result) }
            let error = PostgresError(
                result: result, statement: request.sql(ofStep: 0), isCancelled: request.isCancelRequested)
            if request.error == nil { request.error = error }
            if error.code == .connection { close(error) }
        case PGRES_COPY_IN:
            PQclear(result)
            guard case .copy = request.kind, !request.isTakingRows else { return closeForUnexpectedCopy(request) }
            request.isTakingRows = true
            if let continuation = request.continuation {
                request.continuation = nil
                effects.append(.resume(continuation, .success([])))
            }
        case PGRES_COPY_OUT, PGRES_COPY_BOTH:
            PQclear(result)
            closeForUnexpectedCopy(request)
        default:
            request.results.append(PostgresRows(result: ResultHandle(result)))
        }
    }

    private mutating func closeForUnexpectedCopy(_ request: Request) {
        close(
            PostgresError(
                .protocolViolation, "only COPY … FROM STDIN through copyIn is supported",
                statement: request.sql(ofStep: 0)))
    }
}
