using System.Collections.Concurrent;
using System.Net;
using Microsoft.AspNetCore.Http.Features;

namespace Hikyaku.MailNode;

/// <summary>
/// Teaches Rspamd's classifier what people move into Junk and out of it: Dovecot hands each such message over (<c>POST /learn/spam</c>,
/// <c>POST /learn/ham</c>; dovecot/pipes/learn), and it goes on to Rspamd, which keeps no text, only how often words that it cannot be
/// asked for were in spam. One classifier for the whole platform, so that nobody's mailbox may teach it more than its share.
/// </summary>
public sealed partial class SpamLearning(NodeSettings settings, TimeProvider time, ILogger<SpamLearning> log) : IDisposable
{
    /// <summary>How many messages of one mailbox teach in a day.</summary>
    public const int MostADay = 100;

    /// <summary>A longer message does not teach: words are in its beginning, and Rspamd reads it while a mail program waits.</summary>
    public const long MostBytes = 1 << 20;

    private const int AtOnce = 4, MostMailboxes = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly HttpClient _rspamd = new() { Timeout = Patience };
    private readonly SemaphoreSlim _turns = new(AtOnce);
    private ConcurrentDictionary<string, int> _taught = new(StringComparer.OrdinalIgnoreCase);
    private DateOnly _day;

    /// <summary>
    /// <c>POST /learn/{kind}</c> with the message, and the login in the header <c>X-Mailbox</c>: 200 when it was taught or was known, 404
    /// when learning is off, 413 above <see cref="MostBytes"/>, 429 when the mailbox has had its share of the day, 503 when Rspamd does
    /// not answer or is busy. Dovecot does not care: a message that does not teach is moved all the same.
    /// </summary>
    public async Task<IResult> Receive(string kind, HttpContext context, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (settings is not { Learning: true, Rspamd: { } rspamd } || kind is not ("spam" or "ham")) return Results.NotFound();
        if (context.Request.ContentLength is null or > MostBytes) return Results.StatusCode(StatusCodes.Status413PayloadTooLarge);
        if (!HasShareLeft(context.Request.Headers["X-Mailbox"].ToString())) return Results.StatusCode(StatusCodes.Status429TooManyRequests);
        if (!await _turns.WaitAsync(TimeSpan.Zero, stop)) return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
        try
        {
            context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = MostBytes;
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(rspamd.Controller, $"/learn{kind}"))
            {
                Content = new StreamContent(context.Request.Body),
                Headers = { { "Password", rspamd.Password } },
            };
            using var answer = await _rspamd.SendAsync(request, stop);
            // 208: it knows the message already; 404: there are too few words in it.
            if (answer.IsSuccessStatusCode || answer.StatusCode == HttpStatusCode.NotFound) return Results.Ok();
            LogRefused((int)answer.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException or TaskCanceledException && !stop.IsCancellationRequested)
        {
            LogAway(e);
        }
        finally
        {
            _turns.Release();
        }

        return Results.StatusCode(StatusCodes.Status503ServiceUnavailable);
    }

    /// <inheritdoc/>
    public void Dispose()
    {
        _rspamd.Dispose();
        _turns.Dispose();
    }

    private bool HasShareLeft(string mailbox)
    {
        var today = DateOnly.FromDateTime(time.GetUtcNow().UtcDateTime);
        if (today != _day) (_day, _taught) = (today, new(StringComparer.OrdinalIgnoreCase));
        return mailbox.Length > 0 && _taught.Count < MostMailboxes && _taught.AddOrUpdate(mailbox, 1, (_, count) => Math.Min(count + 1, MostADay + 1)) <= MostADay;
    }

    [LoggerMessage(1, LogLevel.Warning, "Rspamd did not learn a message: it answered {Status}")]
    private partial void LogRefused(int status);

    [LoggerMessage(2, LogLevel.Warning, "Rspamd cannot be taught now; the message is in its folder, and not learned")]
    private partial void LogAway(Exception e);
}
