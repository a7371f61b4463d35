import Foundation
import HTTPTypes

extension Problem {
    /// What a client did wrong when its JSON did not fit: 400 `malformed_json` when it is no JSON at all, else 422
    /// `validation_failed` with the field's path and what was expected there.
    /// - Parameter bytes: the body.
    init(decoding error: DecodingError, of bytes: [UInt8]) {
        switch error {
        case .keyNotFound(let key, let context):
            self = .validation(Self.path(context.codingPath + [key]), code: "missing", "is missing")
        case .valueNotFound(let type, let context):
            self = .validation(Self.path(context.codingPath), code: "null", "is null: expected \(Self.name(of: type))")
        case .typeMismatch(let type, let context):
            self = .validation(Self.path(context.codingPath), code: "type", "expected \(Self.name(of: type))")
        case .dataCorrupted(let context):
            self =
                context.codingPath.isEmpty
                ? Self.unplaced(bytes)
                : .validation(Self.path(context.codingPath), code: "invalid", Self.expectation(context))
        @unknown default:
            self = .validation("body", "could not be read")
        }
    }

    /// Foundation's decoder says the same of what is no JSON and of a number that does not fit, and of both without
    /// their place; so the body is read again, without a type.
    private static func unplaced(_ bytes: [UInt8]) -> Problem {
        let value: Any
        do {
            value = try JSONSerialization.jsonObject(with: Data(bytes), options: .fragmentsAllowed)
        } catch {
            // Foundation says where, such as "Invalid value around character 13."
            let place = (error as NSError).userInfo[NSDebugDescriptionErrorKey] as? String
            return Problem(
                .badRequest, code: "malformed_json", title: "Malformed JSON", detail: place ?? "the body is not JSON")
        }
        return .validation(
            oddNumber(in: value, at: "") ?? "body", code: "invalid", "expected a whole number in range")
    }

    /// The path of the first number that no integer can have.
    private static func oddNumber(in value: Any, at path: String) -> String? {
        switch value {
        case let object as [String: Any]:
            object.sorted { $0.key < $1.key }.lazy.compactMap { key, value in
                oddNumber(in: value, at: path.isEmpty ? key : "\(path).\(key)")
            }.first
        case let array as [Any]:
            array.enumerated().lazy.compactMap { oddNumber(in: $1, at: "\(path)[\($0)]") }.first
        case let number as Double:
            Int64(exactly: number) == nil ? path : nil
        default:
            nil
        }
    }

    /// `lines[0].quantity`; `body` for the whole.
    private static func path(_ keys: [any CodingKey]) -> String {
        var path = ""
        for key in keys {
            if let index = key.intValue {
                path += "[\(index)]"
            } else {
                path += (path.isEmpty ? "" : ".") + key.stringValue
            }
        }
        return path.isEmpty ? "body" : path
    }

    /// Foundation's own words where it has some, but not its internals.
    private static func expectation(_ context: DecodingError.Context) -> String {
        let text = context.debugDescription
        if text.contains("UUID") { return "expected a UUID" }
        if text.contains("ISO 8601") { return "expected a date and time such as 2026-11-23T21:40:00Z" }
        if text.contains("invalid String value") || text.contains("raw value") { return "is not one of its values" }
        if text.contains("number") || text.contains("fit") { return "is a number out of range" }
        return text.isEmpty ? "is not valid" : text
    }

    private static func name(of type: any Any.Type) -> String {
        switch type {
        case is any FixedWidthInteger.Type: "an integer"
        case is any BinaryFloatingPoint.Type, is Decimal.Type: "a number"
        case is String.Type, is Substring.Type, is Character.Type: "a string"
        case is Bool.Type: "true or false"
        case is UUID.Type: "a UUID"
        case is Date.Type: "a date and time such as 2026-11-23T21:40:00Z"
        case is [Any].Type: "an array"
        case is [String: Any].Type: "an object"
        default: "\(type)".hasPrefix("Array") ? "an array" : "an object"
        }
    }
}
