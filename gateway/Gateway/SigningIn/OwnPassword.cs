using System.Text;
using System.Text.Json;
using System.Text.Json.Nodes;
using Hikyaku.Gateway.Routing;
using Hikyaku.Gateway.Sessions;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using Microsoft.Net.Http.Headers;

namespace Hikyaku.Gateway.SigningIn;

/// <summary>
/// Verifies the own password that a user sends along with a request (CPY-9), by the rules and counters of signing in: a wrong one is a failed
/// login. It is taken out of the body, so that no service, log or stored answer ever has it; the service is told by a header whether it was right.
/// </summary>
public sealed class OwnPassword(SignInThrottle throttle, AccountsClient accounts, SignInLocks locks, SignInFacts facts)
{
    private const string Field = "password";
    private const int MaxPassword = 1024;

    // Services read names of fields in any case, too.
    private static readonly JsonNodeOptions AnyCase = new() { PropertyNameCaseInsensitive = true };
    private static readonly JsonDocumentOptions Strict = new() { AllowDuplicateProperties = false, MaxDepth = 16 };

    /// <summary>Takes it out of a body of JSON. What is no JSON goes on as it is: the service refuses it.</summary>
    /// <param name="http">The request.</param>
    /// <param name="login">The caller's login.</param>
    /// <param name="stop">The caller has gone.</param>
    /// <returns>Whether it was right, and null; or why the request does not go on.</returns>
    public async Task<(bool IsRight, IResult? Refusal)> TakeAsync(HttpContext http, string login, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(http);
        if (!http.Request.HasJsonContentType() || CharsetOf(http.Request) is not { } charset) return (false, null);
        if (await ReadAsync(http.Request, charset, stop) is not JsonObject body) return (false, Problems.Of(PlatformProblems.Malformed, null, ("reason", "JSON")));
        var password = body[Field] is JsonValue value && value.TryGetValue<string>(out var text) && text.Length is > 0 and <= MaxPassword ? text : null;
        body.Remove(Field);
        Replace(http.Request, body);
        var (isRight, refusal) = password is null ? (false, (IResult?)null) : await VerifyAsync(http, login, password, stop);
        // Without the password the bodies of two tries are alike: a refusal must not be kept as the answer to the next one.
        if (!isRight) http.Request.Headers.Remove("Idempotency-Key");
        return (isRight, refusal);
    }

    private async Task<(bool IsRight, IResult? Refusal)> VerifyAsync(HttpContext http, string login, string password, CancellationToken stop)
    {
        var from = SessionReader.AddressOf(http);
        var (begun, wait) = await throttle.BeginAsync(login, from, password, stop);
        using var attempt = begun;
        if (attempt is null) return (false, GatewayProblems.TooManyAttemptsIn(wait));
        var verified = await accounts.VerifyAsync(login, password, secondFactor: null, from.ToString(), stop); // mailboxes have no second factor
        if (verified.PasswordForciblyChanged) return (false, Problems.Of(GatewayProblems.PasswordForciblyChanged));
        var locked = verified is { IsVerified: true, AccountId: { } account } ? await locks.ReferenceAsync(account, from.ToString(), stop) : null;
        facts.Note(login, password, from.ToString(), http.Request.Headers.UserAgent.ToString(), !verified.IsVerified ? LoginFailures.Credentials : locked is null ? null : LoginFailures.Restricted);
        if (locked is not null) return (false, Problems.Of(GatewayProblems.AccountLocked, null, ("r", locked)));
        attempt.Outcome = verified.IsVerified ? SignInOutcome.Right : SignInOutcome.Wrong;
        return (verified.IsVerified, null);
    }

    // Null for one that is not known: the service refuses it.
    private static Encoding? CharsetOf(HttpRequest request)
        => MediaTypeHeaderValue.TryParse(request.ContentType, out var type) && type.Charset.HasValue ? type.Encoding : Encoding.UTF8;

    private static async Task<JsonNode?> ReadAsync(HttpRequest request, Encoding charset, CancellationToken stop)
    {
        try
        {
            using var reader = new StreamReader(request.Body, charset, detectEncodingFromByteOrderMarks: true, leaveOpen: true);
            return JsonNode.Parse(await reader.ReadToEndAsync(stop), AnyCase, Strict);
        }
        catch (JsonException)
        {
            return null;
        }
    }

    private static void Replace(HttpRequest request, JsonObject body)
    {
        var bytes = JsonSerializer.SerializeToUtf8Bytes(body);
        request.Body = new MemoryStream(bytes);
        request.ContentLength = bytes.Length;
        request.ContentType = "application/json";
        request.Headers.Remove(HeaderNames.TransferEncoding);
    }
}
