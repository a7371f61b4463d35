/// What came of importing a shop's file, or would have.
public struct ShopImportReport: Codable, Sendable, Hashable {
    /// Products that were not there.
    public let created: Int
    /// Products that were changed.
    public let updated: Int
    /// Products that were so already.
    public let unchanged: Int
    /// Products of which pieces were put on the shelf or taken off.
    public let adjusted: Int
    /// True when nothing was written.
    public let isDryRun: Bool
    /// The lines that were left out.
    public let errors: [ShopLineError]
}
