namespace Hikyaku.CommandLine.Api;

/// <summary>Nobody answers at the API's address, or what answers is not the API.</summary>
internal sealed class ApiUnreachableException(string message) : Exception(message);
