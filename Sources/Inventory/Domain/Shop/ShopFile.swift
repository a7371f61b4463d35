import Contracts
import Foundation
import HTTPTypes
import ServiceRuntime

/// A shop's file as it was read: the lines that make sense, and what is wrong with the others.
struct ShopFile: Sendable {
    static let maxLines = 10_000

    private(set) var lines: [ShopLine] = []
    private(set) var errors: [ShopLineError] = []

    /// - Throws: ``Problem`` 400 `csv_malformed` when it is no CSV, 422 `csv_columns` when its header is not one of a
    ///   shop's file, 413 when it has more than ``maxLines`` lines.
    init(_ bytes: [UInt8]) throws(Problem) {
        let records: [CSV.Record]
        do {
            records = try CSV.records(of: bytes).records
        } catch {
            throw Problem.badRequest(code: "csv_malformed", "line \(error.line): \(error.reason)")
        }
        guard let header = records.first else {
            throw Problem.badRequest(code: "csv_malformed", "the file is empty")
        }
        let columns = try Self.columns(header.cells)
        guard records.count - 1 <= Self.maxLines else {
            throw Problem(
                .contentTooLarge, code: "csv_too_long", title: "Content too large",
                detail: "the file has \(records.count - 1) products, at most \(Self.maxLines) are taken at once",
                fields: ["limit": Self.maxLines])
        }
        var seen: [String: Int] = [:]
        for record in records.dropFirst() {
            var parser = ShopLineParser(record: record, columns: columns)
            guard let line = parser.parse() else {
                errors += parser.errors
                continue
            }
            if let earlier = seen.updateValue(line.line, forKey: line.sku) {
                errors.append(
                    ShopLineError(
                        line: line.line, sku: line.sku, column: ShopColumn.sku.rawValue, code: "duplicate",
                        "line \(earlier) has this SKU already"))
            } else {
                lines.append(line)
            }
        }
    }

    private static func columns(_ cells: [String]) throws(Problem) -> [ShopColumn: Int] {
        var columns: [ShopColumn: Int] = [:]
        var unknown: [String] = []
        for (index, cell) in cells.enumerated() {
            let name = cell.trimmingCharacters(in: .whitespaces)
            guard let column = ShopColumn(rawValue: name) else {
                unknown.append(name)
                continue
            }
            guard columns.updateValue(index, forKey: column) == nil else {
                throw columnsProblem("the column \(name) is there twice")
            }
        }
        guard unknown.isEmpty else { throw columnsProblem("there is no column \(unknown.joined(separator: ", "))") }
        let missing = ShopColumn.required.filter { columns[$0] == nil }.map(\.rawValue)
        guard missing.isEmpty else { throw columnsProblem("the file lacks \(missing.joined(separator: ", "))") }
        return columns
    }

    private static func columnsProblem(_ detail: String) -> Problem {
        let allowed = ShopColumn.allCases.map(\.rawValue)
        return Problem(
            .unprocessableContent, code: "csv_columns", title: "Unprocessable content",
            detail: "\(detail): the first line names the columns, of \(allowed.joined(separator: ", "))",
            fields: ["allowed": allowed, "required": ShopColumn.required.map(\.rawValue)])
    }
}

/// Reads one line, collecting all that is wrong with it.
private struct ShopLineParser {
    let record: CSV.Record
    let columns: [ShopColumn: Int]
    private(set) var errors: [ShopLineError] = []
    private var sku = ""

    init(record: CSV.Record, columns: [ShopColumn: Int]) {
        self.record = record
        self.columns = columns
    }

    /// Nil when something is wrong with it.
    mutating func parse() -> ShopLine? {
        guard record.cells.count <= columns.count else {
            let count = record.cells.count
            errors.append(
                ShopLineError(
                    line: record.line, sku: nil, code: "cells", "has \(count) cells, the header \(columns.count)"))
            return nil
        }
        sku = cell(.sku) ?? ""
        if !SKU.isValid(sku) { fail(.sku, "invalid", "has to be \(SKU.form)") }
        let currency = (cell(.currency) ?? "").uppercased()
        let amount = DecimalPrice.minorUnits(cell(.price) ?? "", currency: currency)
        if amount == nil {
            let example = DecimalPrice.text(Money(amount: 3850, currency: currency))
            fail(.price, "invalid", "has to be an amount such as \(example), without thousands' separators")
        }
        let line = ShopLine(
            line: record.line, sku: sku, title: CSV.unguarded(cell(.title) ?? ""),
            description: cell(.description).map(CSV.unguarded), price: Money(amount: amount ?? 1, currency: currency),
            isActive: truth(.active),
            hold: cell(.reservationTTLSeconds).map { _ in
                number(.reservationTTLSeconds, in: ProductDraft.formerTTLSeconds).map { .of(.seconds($0)) } ?? .standard
            },
            lowStockThreshold: number(.lowStockThreshold, in: SetLowStockThreshold.range), version: version(),
            adjustStock: number(
                .adjustStock, in: -AdjustStock.Adjustment.maxDelta...AdjustStock.Adjustment.maxDelta) ?? 0)
        // Whether a short hold is the product's own from earlier is known once the product is.
        let draft = line.draft(artisanID: "x", over: nil)
        for problem in draft.problems(over: draft) {
            let column = Self.column(of: problem.field)
            if !errors.contains(where: { $0.column == column?.rawValue }) {
                fail(column, problem.code, problem.message)
            }
        }
        return errors.isEmpty ? line : nil
    }

    /// Nil where the file has not this column; spreadsheets leave empty cells away at a line's end.
    private func cell(_ column: ShopColumn) -> String? {
        guard let index = columns[column] else { return nil }
        guard index < record.cells.count else { return "" }
        return record.cells[index].trimmingCharacters(in: .whitespaces)
    }

    private mutating func number(_ column: ShopColumn, in range: ClosedRange<Int>) -> Int? {
        guard let text = cell(column), !text.isEmpty else { return nil }
        guard let number = Int(text), range.contains(number) else {
            fail(column, "range", "has to be a whole number from \(range.lowerBound) to \(range.upperBound)")
            return nil
        }
        return number
    }

    private mutating func truth(_ column: ShopColumn) -> Bool? {
        guard let text = cell(column) else { return nil }
        switch text.lowercased() {
        case "", "true", "1", "yes", "sí", "si", "verdadero": return true
        case "false", "0", "no", "falso": return false
        default:
            fail(column, "invalid", "has to be true or false")
            return nil
        }
    }

    private mutating func version() -> ShopLine.Version {
        guard let text = cell(.version), !text.isEmpty else { return .none }
        if text == "*" { return .any }
        guard let number = Int64(text), number > 0 else {
            fail(.version, "invalid", "has to be the exported version, or * to overwrite any")
            return .none
        }
        return .exactly(number)
    }

    private mutating func fail(_ column: ShopColumn?, _ code: String, _ message: String) {
        errors.append(
            ShopLineError(
                line: record.line, sku: sku.isEmpty ? nil : sku, column: column?.rawValue, code: code, message))
    }

    /// Which column a draft's field comes from.
    private static func column(of field: String) -> ShopColumn? {
        switch field {
        case "price.amount": .price
        case "price.currency": .currency
        default: ShopColumn(rawValue: field)
        }
    }
}
