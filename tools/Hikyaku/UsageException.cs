namespace Hikyaku.CommandLine;

/// <summary>The command cannot be run as it was given.</summary>
internal sealed class UsageException(string message) : Exception(message);
