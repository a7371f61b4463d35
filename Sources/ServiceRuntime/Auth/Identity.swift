/// Who a request comes from, as its token says.
public struct Identity: Sendable, Hashable {
    /// The token's `sub`: the id of the customer, artisan or operator.
    public let subject: String
    public let role: Role

    public init(subject: String, role: Role) {
        self.subject = subject
        self.role = role
    }

    /// Passes for one of the roles.
    /// - Throws: ``Problem`` 403 `role_required`, which names them.
    public func require(_ roles: Role...) throws(Problem) {
        try require(roles)
    }

    func require(_ roles: [Role]) throws(Problem) {
        guard roles.contains(role) else { throw .roleRequired(roles) }
    }

    /// Passes for the owner, and for operators.
    /// - Parameters:
    ///   - owner: the subject that the thing belongs to.
    ///   - what: what it is, such as `order`.
    /// - Throws: ``Problem`` 404 `not_found`: who may not see a thing is not told that it exists.
    public func requireOwner(_ owner: String, of what: String) throws(Problem) {
        guard role == .ops || subject == owner else { throw .notFound(what) }
    }
}

extension AppRequestContext {
    /// Who asks.
    /// - Throws: ``Problem`` 401 `authentication_required` when no token was sent.
    public func requireIdentity() throws(Problem) -> Identity {
        guard let identity else {
            throw .unauthorized(
                code: "authentication_required", detail: "send a bearer token in the Authorization header",
                challenge: #"Bearer realm="artesanos""#)
        }
        return identity
    }

    /// Who asks, when it has one of the roles.
    /// - Throws: ``Problem`` 401 without a token, 403 `role_required` with another role.
    @discardableResult
    public func requireRole(_ roles: Role...) throws(Problem) -> Identity {
        let identity = try requireIdentity()
        try identity.require(roles)
        return identity
    }
}
