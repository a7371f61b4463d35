public import ArgumentParser
public import ServiceRuntime

extension Role: ExpressibleByArgument {}
