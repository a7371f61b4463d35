public import ArgumentParser
public import Composition

extension ServiceName: ExpressibleByArgument {}
