namespace Hikyaku.Panel.Api;

/// <summary>A rule that was broken, in the reader's words.</summary>
/// <param name="Code">The stable code.</param>
/// <param name="Field">The field of the form; null when it is about no single one.</param>
/// <param name="Detail">What is wrong and what to do.</param>
public sealed record FieldError(string Code, string? Field, string Detail);

/// <summary>A refusal that a screen shows beside its form (RFC 9457).</summary>
/// <param name="Type"><c>urn:hikyaku:problem:</c> and the first broken rule's code.</param>
/// <param name="Title">What kind of refusal it is.</param>
/// <param name="Status">The HTTP status.</param>
/// <param name="Detail">All of it in the reader's language.</param>
/// <param name="Errors">Every broken rule.</param>
public sealed record Problem(string? Type, string? Title, int Status, string? Detail, IReadOnlyList<FieldError>? Errors)
{
    private const string Prefix = "urn:hikyaku:problem:";

    /// <summary>The first broken rule's code.</summary>
    public string Code => Type?.StartsWith(Prefix, StringComparison.Ordinal) == true ? Type[Prefix.Length..] : "";

    /// <summary>Whether it asks to confirm what was sent (C-428).</summary>
    public bool AsksToConfirm => Status == StatusCodes.Status428PreconditionRequired;

    /// <summary>Whether somebody else was faster (C-412).</summary>
    public bool IsStale => Status == StatusCodes.Status412PreconditionFailed;

    /// <summary>Every broken rule; of a refusal that names none, the refusal itself.</summary>
    public IReadOnlyList<FieldError> All => Errors is { Count: > 0 } ? Errors : [new(Code, null, Detail ?? Title ?? "")];
}

/// <summary>What came of a change: the answer, or why it was refused.</summary>
/// <param name="Value">The answer; null when it was refused, and where there is no body.</param>
/// <param name="Problem">Why it was refused; null when it was done.</param>
public sealed record Outcome<T>(T? Value, Problem? Problem);

/// <summary>A resource with its version, for a change that must not overwrite another one.</summary>
/// <param name="Value">The resource.</param>
/// <param name="Version">The ETag, for <c>If-Match</c>.</param>
public sealed record Versioned<T>(T Value, string? Version);

/// <summary>
/// A refusal that no screen can say anything about: not signed in (401), not there (404), not this function (403), too many requests
/// (429), or no answer (503). <see cref="Hosting.Refusals"/> answers it.
/// </summary>
public sealed class GatewayRefusalException(int status, TimeSpan? retryAfter = null) : Exception($"The gateway answers {status}")
{
    /// <summary>The HTTP status.</summary>
    public int Status => status;

    /// <summary>When to try again.</summary>
    public TimeSpan? RetryAfter => retryAfter;
}
