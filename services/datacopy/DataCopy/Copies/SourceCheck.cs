using System.Text.Json.Nodes;
using Hikyaku.Copier;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Copies;

/// <summary>What the confirmation screen shows of a source (N-8).</summary>
/// <param name="Connection">How it was reached; absent: it was not.</param>
/// <param name="Certificate">The certificate that is not valid; absent: there is none.</param>
/// <param name="Folders">Its folders.</param>
/// <param name="Messages">How many messages would be looked at.</param>
/// <param name="Bytes">Their size; absent: the server does not tell.</param>
/// <param name="TooLarge">How many are over 100 MB; absent where that could not be found out.</param>
/// <param name="FreeBytes">How much room the mailbox has; absent where that is not known.</param>
/// <param name="MissingBytes">How much room is missing for all of it; 0: none.</param>
/// <param name="Problems">What stands in the way, and what is to be known, as the errors of refusals.</param>
public sealed record SourceView(
    ConnectionView? Connection, InvalidCertificate? Certificate, IReadOnlyList<SurveyedFolderView> Folders, long Messages, long? Bytes, int? TooLarge, long? FreeBytes, long MissingBytes,
    IReadOnlyList<JsonNode> Problems);

/// <summary>How a source was reached.</summary>
/// <param name="Port">The port.</param>
/// <param name="Security">tls, starttls or plain.</param>
public sealed record ConnectionView(int Port, string Security);

/// <summary>A folder of a source.</summary>
public sealed record SurveyedFolderView(string Source, string? Destination, int Messages, long? Bytes);

/// <summary>Looks at a source before a copy is begun; a few at a time, so that nobody has us ask many servers.</summary>
public sealed class SourceCheck(SourceSurvey survey, MailboxRoom room, IConfiguration configuration) : IDisposable
{
    private const int AtOnce = 4;
    private static readonly TimeSpan ForAPlace = TimeSpan.FromSeconds(3);
    private readonly SemaphoreSlim _places = new(AtOnce);
    private readonly TimeSpan _within = TimeSpan.FromSeconds(configuration.GetValue("Hikyaku:Copy:CheckSeconds", 16.0)); // the gateway waits for 30

    /// <summary>Looks, and answers 200 whatever is found.</summary>
    public async Task<IResult> AnswerAsync(CopyForm form, Target account, HttpContext http, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(form);
        ArgumentNullException.ThrowIfNull(account);
        ArgumentNullException.ThrowIfNull(http);
        if (!await _places.WaitAsync(ForAPlace, stop)) return Problems.Of(CopyProblems.TooManyChecks, null, ("n", 10));
        try
        {
            return new Answer(200, Show(await LookAsync(form, stop), await room.FreeBytesAsync(account.AccountId, stop), http));
        }
        finally
        {
            _places.Release();
        }
    }

    /// <inheritdoc/>
    public void Dispose() => _places.Dispose();

    // Who agrees to the certificate that there is, without saying which, agrees to the one that is found now.
    private async Task<Survey> LookAsync(CopyForm form, CancellationToken stop)
    {
        var found = await survey.LookAsync(form.AsSource(), _within, stop);
        return form is { AcceptsInvalidCertificate: true, Fingerprint: null } && found.Failure?.Certificate is { } certificate
            ? await survey.LookAsync((form with { Fingerprint = certificate.Fingerprint }).AsSource(), _within / 2, stop)
            : found;
    }

    private static SourceView Show(Survey found, long? free, HttpContext http)
    {
        var language = Problems.LanguageOf(http.Request);
        var folders = found.Folders.Where(f => f.Destination is not null).ToList();
        var messages = folders.Sum(f => (long)f.Messages);
        var bytes = folders.TrueForAll(f => f.Bytes is not null) && folders.Count > 0 ? folders.Sum(f => f.Bytes) : null;
        var missing = bytes is { } needed && free is { } left ? Math.Max(0, needed - left) : 0;
        List<Rejection> problems = [];
        if (found.Failure is { } failure) problems.Add(CopyProblems.Of(failure.Kind));
        else
        {
            if (messages == 0) problems.Add(new(CopyProblems.SourceEmpty));
            if (missing > 0) problems.Add(new(CopyProblems.Capacity));
            if (found.TooLarge > 0) problems.Add(new(CopyProblems.TooLarge));
            if (found.TooLarge is null) problems.Add(new(CopyProblems.CheckUnfinished));
        }

        return new(
            found.Route is { } route ? new(route.Port, route.Security.ToString().ToLowerInvariant()) : null, found.Failure?.Certificate,
            [.. folders.Select(f => new SurveyedFolderView(f.Source, f.Destination, f.Messages, f.Bytes))], messages, bytes, found.TooLarge, free, missing,
            [.. problems.Select(p => Problems.Node(p, language)["errors"]![0]!.DeepClone())]);
    }
}
