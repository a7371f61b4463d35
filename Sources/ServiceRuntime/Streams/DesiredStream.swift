public import JetStream

/// A stream as it should be, with its consumers. What is nil is left as it is.
public struct DesiredStream: Sendable, Hashable {
    public var configuration: StreamConfiguration
    public var consumers: [ConsumerConfiguration]

    public init(_ configuration: StreamConfiguration, consumers: [ConsumerConfiguration] = []) {
        self.configuration = configuration
        self.consumers = consumers
    }
}

/// The streams and consumers as the server has them.
public struct ActualStreams: Sendable {
    public struct Stream: Sendable {
        public var configuration: StreamConfiguration
        public var consumers: [String: ConsumerConfiguration]

        public init(_ configuration: StreamConfiguration, consumers: [String: ConsumerConfiguration] = [:]) {
            self.configuration = configuration
            self.consumers = consumers
        }
    }

    public var streams: [String: Stream]

    public init(_ streams: [String: Stream] = [:]) {
        self.streams = streams
    }
}
