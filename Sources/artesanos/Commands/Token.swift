import ArgumentParser
import ServiceRuntime

struct Token: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Make an access token.",
        discussion: """
            Signed (HS256) with the first secret of JWT_SECRET, else with the development system's key. The token alone \
            is printed.

            EXAMPLES
              artesanos token --role customer --subject maria
              artesanos token --role ops --subject ana --ttl 15m
              curl -H "Authorization: Bearer $(artesanos token --role ops --subject ana)" localhost:8081/orders
            """)

    @Option(help: "What the holder may do: customer, artisan or ops.")
    var role: Role

    @Option(help: ArgumentHelp("Who: the customer's, artisan's or operator's id.", valueName: "id"))
    var subject: String

    @Option(help: ArgumentHelp("How long it holds, such as 15m or 12h.", valueName: "duration"))
    var ttl = DurationArgument(.seconds(3600))

    @OptionGroup var options: ConfigurationOptions

    func run() async throws {
        let auth = try options.loadOrDevelopment().auth
        guard let secret = auth.secrets.first else {
            throw UsageFailure(
                "JWT_SECRET is not set, and there is no key in \(options.folder.shownPath) (`artesanos dev` makes one)")
        }
        let issuer = await TokenIssuer(secret: secret, issuer: auth.issuer, audience: auth.audience)
        Output.line(try await issuer.token(subject: subject, role: role, lifetime: ttl.duration))
    }
}
