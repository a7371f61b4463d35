public import JetStream
public import Postgres

extension PostgresConfiguration {
    /// For tests that are not about the limit: a machine that others share may stand still for seconds.
    public static func patient(_ url: String, applicationName: String = "artesanos") -> PostgresConfiguration {
        PostgresConfiguration(url, applicationName: applicationName, connectTimeout: .seconds(120))
    }
}

extension NATSConfiguration {
    /// For tests that are not about the limits.
    public static func patient(_ servers: [String], name: String = "test") -> NATSConfiguration {
        NATSConfiguration(
            servers: servers, name: name, connectTimeout: .seconds(60), writeTimeout: .seconds(600))
    }
}
