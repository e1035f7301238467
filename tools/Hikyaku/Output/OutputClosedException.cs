namespace Hikyaku.CommandLine.Output;

/// <summary>Nobody reads any more what is written, as after <c>| head</c>.</summary>
internal sealed class OutputClosedException(Exception cause) : Exception("Nobody reads", cause);
