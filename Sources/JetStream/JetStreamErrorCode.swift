/// JetStream's error numbers (`err_code`) that decisions depend on. Source: `server/errors.json` of nats-server.
public enum JetStreamErrorCode {
    public static let resourceLimitsExceeded = 10002
    public static let badRequest = 10003
    public static let clusterNotAvailable = 10008
    public static let clusterNotLeader = 10009
    public static let consumerNotFound = 10014
    public static let insufficientResources = 10023
    public static let invalidJSON = 10025
    public static let maximumConsumersReached = 10026
    public static let maximumStreamsReached = 10027
    public static let memoryResourcesExceeded = 10028
    public static let noMessageFound = 10037
    public static let notEnabledForAccount = 10039
    public static let storageResourcesExceeded = 10047
    /// A stream configuration that the server does not take.
    public static let streamInvalidConfiguration = 10052
    public static let messageExceedsMaximum = 10054
    public static let streamNameInUse = 10058
    public static let streamNotFound = 10059
    /// `Nats-Expected-Stream` names another stream.
    public static let expectedStreamDoesNotMatch = 10060
    public static let streamSubjectsOverlap = 10065
    /// `Nats-Expected-Last-Msg-Id`.
    public static let wrongLastMessageID = 10070
    /// `Nats-Expected-Last-Sequence` or `Nats-Expected-Last-Subject-Sequence`.
    public static let wrongLastSequence = 10071
    public static let notEnabled = 10076
    /// The stream's storage refused the message, for example because `max_msgs` is reached with `discard: new`.
    public static let streamStoreFailed = 10077
    /// The server takes 64 KiB of headers at most.
    public static let headerExceedsMaximum = 10097
    public static let streamOffline = 10118
    public static let consumerOffline = 10119
    public static let consumerAlreadyExists = 10148
    public static let consumerDoesNotExist = 10149
    /// As ``wrongLastSequence``, without telling the sequence.
    public static let wrongLastSequenceUntold = 10164
    public static let atomicPublishDisabled = 10174
    public static let atomicPublishMissingSequence = 10175
    public static let atomicPublishIncomplete = 10176
    public static let atomicPublishUnsupportedHeader = 10177
    public static let atomicPublishInvalidBatchID = 10179
    public static let atomicPublishTooLarge = 10199
    public static let atomicPublishInvalidCommit = 10200
    public static let atomicPublishDuplicateMessageID = 10201
    public static let atomicPublishTooManyInFlight = 10210

    static func kind(_ errorCode: Int, code: Int) -> JetStreamError.Kind {
        switch errorCode {
        case wrongLastSequence, wrongLastMessageID, wrongLastSequenceUntold: .wrongLastSequence
        case streamNotFound: .streamNotFound
        case consumerNotFound, consumerDoesNotExist: .consumerNotFound
        case noMessageFound: .messageNotFound
        case streamNameInUse, consumerAlreadyExists: .nameInUse
        case messageExceedsMaximum, headerExceedsMaximum: .messageTooLarge
        case atomicPublishDisabled...atomicPublishUnsupportedHeader, atomicPublishInvalidBatchID,
            atomicPublishTooLarge...atomicPublishDuplicateMessageID:
            .batchRejected
        case clusterNotAvailable, clusterNotLeader, insufficientResources, memoryResourcesExceeded,
            storageResourcesExceeded, streamOffline, consumerOffline:
            .unavailable
        default: code == 503 || code == 429 ? .unavailable : .api
        }
    }
}
