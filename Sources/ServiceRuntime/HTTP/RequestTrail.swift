import Synchronization

/// Notes that the inner layers of one request leave for the outer ones: a context is a value, so what authentication
/// sets on its copy would not be seen by the request log around it.
final class RequestTrail: Sendable {
    struct Notes {
        var identity: Identity?
        var problemCode: String?
        var errorID: String?
    }

    private let notes = Mutex(Notes())

    var current: Notes { notes.withLock { $0 } }

    func note(identity: Identity?) {
        notes.withLock { $0.identity = identity }
    }

    func note(problem: Problem, errorID: String?) {
        notes.withLock {
            $0.problemCode = problem.code
            $0.errorID = errorID
        }
    }
}
