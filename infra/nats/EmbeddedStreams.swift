/// `streams.yaml` as it was when the binary was built.
public enum EmbeddedStreams {
    /// The file's text.
    public static var yaml: String { String(decoding: PackageResources.streams_yaml, as: UTF8.self) }
}
