/// How a connection is encrypted. Paths are read at each connect, so that renewed certificates are taken up.
public struct NATSTLS: Sendable, Hashable {
    /// PEM file with the certificate authorities to trust; nil: those of the system (OpenSSL's default locations).
    public var caFile: String?
    /// PEM files with this client's certificate chain and private key, where the server asks for one (mutual TLS).
    public var certificateFile: String?
    public var keyFile: String?
    /// The name that the server's certificate must bear; nil: the host of the URL.
    public var expectedHostname: String?

    public init(
        caFile: String? = nil, certificateFile: String? = nil, keyFile: String? = nil, expectedHostname: String? = nil
    ) {
        self.caFile = caFile
        self.certificateFile = certificateFile
        self.keyFile = keyFile
        self.expectedHostname = expectedHostname
    }
}
