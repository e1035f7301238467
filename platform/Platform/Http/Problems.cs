using System.Diagnostics;
using System.Globalization;
using System.Resources;
using System.Text.Json;
using System.Text.Json.Nodes;
using System.Text.Json.Serialization;
using System.Text.RegularExpressions;
using Microsoft.AspNetCore.Diagnostics;
using Microsoft.AspNetCore.Http;
using Microsoft.Extensions.Logging;
using Npgsql;

namespace Hikyaku.Platform;

/// <summary>
/// RFC 9457 problem details: <c>type</c> is <c>urn:hikyaku:problem:</c> and the first broken rule's code, <c>errors</c>
/// names every broken rule, texts are in the caller's language (Accept-Language; Japanese or English, English unless asked).
/// </summary>
public static partial class Problems
{
    /// <summary>What every problem type begins with.</summary>
    public const string TypePrefix = "urn:hikyaku:problem:";

    private static readonly CultureInfo Japanese = CultureInfo.GetCultureInfo("ja");
    private static readonly CultureInfo English = CultureInfo.GetCultureInfo("en");
    private static readonly ResourceManager Titles = PlatformProblems.Fault.Texts;

    /// <summary>Answers one refusal.</summary>
    public static IResult Of(ProblemCode code, string? field = null, params (string, object)[] values)
        => Of([new Rejection(code, field, values)]);

    /// <summary>Answers refusals; the status is the first one's.</summary>
    public static IResult Of(IReadOnlyList<Rejection> rejections) => new ProblemResult(rejections);

    /// <summary>Words a refusal in a language. What its values have that nobody sees stands as a code (<see cref="VisibleText"/>).</summary>
    public static string Text(Rejection rejection, CultureInfo language)
    {
        var text = rejection.Code.Texts.GetString(rejection.Code.Code, language)
            ?? throw new MissingManifestResourceException($"No text for {rejection.Code.Code} in {language}");
        // Replaces all placeholders in one pass, because a value may look like a placeholder.
        return Placeholder().Replace(text, p => rejection.Values.FirstOrDefault(v => v.Name == p.Groups[1].Value) is (not null, var value)
            ? VisibleText.Of(Convert.ToString(value, CultureInfo.InvariantCulture)!)
            : p.Value);
    }

    /// <summary>A text in every language of the platform, by the language's name: <c>en</c> and <c>ja</c>.</summary>
    public static IReadOnlyDictionary<string, string> InEveryLanguage(Func<CultureInfo, string> text)
        => new[] { English, Japanese }.ToDictionary(language => language.Name, text);

    /// <summary>The reader's language: the first of Accept-Language that is there, by weight.</summary>
    public static CultureInfo LanguageOf(HttpRequest request)
    {
        foreach (var wish in request.GetTypedHeaders().AcceptLanguage.Where(w => w.Quality is not 0).OrderByDescending(w => w.Quality ?? 1))
        {
            var language = wish.Value.AsSpan();
            if (language.IndexOf('-') is > 0 and var region) language = language[..region];
            if (language.Equals("ja", StringComparison.OrdinalIgnoreCase)) return Japanese;
            if (language.Equals("en", StringComparison.OrdinalIgnoreCase)) return English;
        }
        return English;
    }

    /// <summary>A refusal that stands within another answer, as it would be answered alone.</summary>
    public static JsonNode Node(Rejection rejection, CultureInfo language) => JsonSerializer.SerializeToNode(Body([rejection], language), Answer.Json)!;

    internal static ProblemBody Body(IReadOnlyList<Rejection> rejections, CultureInfo language)
    {
        var first = rejections[0].Code;
        var texts = rejections.Select(r => Text(r, language)).ToList();
        return new ProblemBody(
            TypePrefix + first.Code,
            Titles.GetString($"title.{first.Status}", language) ?? throw new MissingManifestResourceException($"No title for {first.Status}"),
            first.Status,
            string.Join(language == Japanese ? "" : " ", texts.Distinct()),
            [.. rejections.Select((r, i) => new ProblemError(r.Code.Code, r.Field, texts[i]))]);
    }

    [GeneratedRegex(@"\{(\w+)\}")]
    private static partial Regex Placeholder();

    internal sealed record ProblemBody(string Type, string Title, int Status, string Detail, IReadOnlyList<ProblemError> Errors);

    internal sealed record ProblemError(string Code, [property: JsonIgnore(Condition = JsonIgnoreCondition.WhenWritingNull)] string? Field, string Detail);
}

/// <summary>A refusal as an HTTP answer.</summary>
public sealed class ProblemResult(IReadOnlyList<Rejection> rejections) : IResult, IStatusCodeHttpResult
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        Encoder = System.Text.Encodings.Web.JavaScriptEncoder.UnsafeRelaxedJsonEscaping, // readable Japanese; never embedded in HTML
    };

    /// <summary>What was refused.</summary>
    public IReadOnlyList<Rejection> Rejections => rejections;

    /// <inheritdoc/>
    public int? StatusCode => rejections[0].Code.Status;

    /// <inheritdoc/>
    public Task ExecuteAsync(HttpContext httpContext)
    {
        var language = Problems.LanguageOf(httpContext.Request);
        var body = Problems.Body(rejections, language);
        var retry = rejections[0].Values.FirstOrDefault(v => v.Name == "n").Value;
        if (body.Status == 429) httpContext.Response.Headers.RetryAfter = Convert.ToString(retry, CultureInfo.InvariantCulture);
        if (body.Status == 503) httpContext.Response.Headers.RetryAfter = "5";
        httpContext.Response.StatusCode = body.Status;
        httpContext.Response.Headers.ContentLanguage = language.Name;
        return httpContext.Response.WriteAsJsonAsync(body, Json, "application/problem+json", httpContext.RequestAborted);
    }
}

/// <summary>Turns what a handler throws into a problem: bad shapes into 400, a database that is away into 503, the rest into 500.</summary>
public sealed partial class ProblemExceptionHandler(ILogger<ProblemExceptionHandler> log) : IExceptionHandler
{
    /// <inheritdoc/>
    public async ValueTask<bool> TryHandleAsync(HttpContext httpContext, Exception exception, CancellationToken cancellationToken)
    {
        if (exception is OperationCanceledException && httpContext.RequestAborted.IsCancellationRequested) return true; // nobody listens
        if (httpContext.Response.HasStarted) return false;
        await Answer(httpContext, exception).ExecuteAsync(httpContext);
        return true;
    }

    private IResult Answer(HttpContext http, Exception exception)
    {
        switch (exception)
        {
            case BadHttpRequestException { StatusCode: 413 }:
                return Problems.Of(PlatformProblems.TooLarge, null, ("max", ServiceHost.MaxBodyBytesOf(http)));
            case BadHttpRequestException { StatusCode: 415 }:
                return Problems.Of(PlatformProblems.UnsupportedMediaType);
            case BadHttpRequestException { InnerException: JsonException json }:
                return Problems.Of(PlatformProblems.Malformed, FieldOf(json.Path), ("reason", Reason(json)));
            case BadHttpRequestException bad:
                return Problems.Of(PlatformProblems.Malformed, null, ("reason", bad.StatusCode));
            case var _ when IsAway(exception):
                LogAway(exception, http.Request.Method, http.Request.Path);
                return Problems.Of(PlatformProblems.Unavailable);
            default:
                var reference = Activity.Current?.TraceId.ToString() ?? http.TraceIdentifier;
                LogFault(exception, http.Request.Method, http.Request.Path, reference);
                return Problems.Of(PlatformProblems.Fault, null, ("reference", reference));
        }
    }

    /// <summary>Whether the database, or the way to it, is what failed: worth trying again later.</summary>
    public static bool IsAway(Exception? exception) => exception switch
    {
        null => false,
        PostgresException p => p.SqlState.StartsWith("57P", StringComparison.Ordinal) || p.SqlState.StartsWith("53", StringComparison.Ordinal),
        NpgsqlException => true,
        HttpRequestException or TimeoutException or System.Net.Sockets.SocketException => true,
        _ => IsAway(exception.InnerException),
    };

    private static string? FieldOf(string? path) => path is null or "$" ? null : path.TrimStart('$', '.');

    // The exception's own text may quote what was sent, a password perhaps: only the place is told.
    private static string Reason(JsonException json)
        => string.Create(CultureInfo.InvariantCulture, $"JSON, line {json.LineNumber + 1}, byte {json.BytePositionInLine}");

    [LoggerMessage(1, LogLevel.Warning, "Something that {Method} {Path} needs does not answer")]
    private partial void LogAway(Exception exception, string method, string path);

    [LoggerMessage(2, LogLevel.Error, "Fault in {Method} {Path}, reference {Reference}")]
    private partial void LogFault(Exception exception, string method, string path, string reference);
}
