using System.Collections.Concurrent;
using System.Net;
using System.Threading.Channels;
using Microsoft.AspNetCore.Http.Features;

namespace Hikyaku.MailNode;

/// <summary>
/// Teaches Rspamd's classifier what people move into Junk and out of it: Dovecot hands each such message over (<c>POST /learn/spam</c>,
/// <c>POST /learn/ham</c>; dovecot/pipes/learn), and it goes on to Rspamd, which keeps no text, only how often words that it cannot be
/// asked for were in spam. One classifier for the whole platform, so that nobody's mailbox may teach it more than its share.
/// </summary>
public sealed partial class SpamLearning(NodeSettings settings, TimeProvider time, ILogger<SpamLearning> log) : BackgroundService
{
    /// <summary>How many messages of one mailbox teach in a day.</summary>
    public const int MostADay = 100;

    /// <summary>A longer message does not teach: words are in its beginning, and it is kept until Rspamd has read it.</summary>
    public const long MostBytes = 1 << 20;

    private const int MostWaiting = 128, MostMailboxes = 100_000;
    private static readonly TimeSpan Patience = TimeSpan.FromSeconds(8);

    private readonly HttpClient _rspamd = new() { Timeout = Patience };
    private readonly Channel<(string Kind, byte[] Message)> _waiting = Channel.CreateBounded<(string, byte[])>(new BoundedChannelOptions(MostWaiting) { SingleReader = true });
    private ConcurrentDictionary<string, int> _taught = new(StringComparer.OrdinalIgnoreCase);
    private DateOnly _day;

    /// <summary>
    /// <c>POST /learn/{kind}</c> with the message, and the login in the header <c>X-Mailbox</c>: 202 when it will be taught, 404 when
    /// learning is off, 413 above <see cref="MostBytes"/>, 429 when the mailbox has had its share of the day, 503 when too many wait.
    /// Nobody waits for Rspamd, as a mail program waits for this. Dovecot does not care: a message that does not teach is moved all the same.
    /// </summary>
    public async Task<IResult> Receive(string kind, HttpContext context, CancellationToken stop)
    {
        ArgumentNullException.ThrowIfNull(context);
        if (settings is not { Learning: true, Rspamd: not null } || kind is not ("spam" or "ham")) return Results.NotFound();
        if (context.Request.ContentLength is null or > MostBytes) return Results.StatusCode(StatusCodes.Status413PayloadTooLarge);
        if (!HasShareLeft(context.Request.Headers["X-Mailbox"].ToString())) return Results.StatusCode(StatusCodes.Status429TooManyRequests);
        context.Features.GetRequiredFeature<IHttpMaxRequestBodySizeFeature>().MaxRequestBodySize = MostBytes;
        using var body = new MemoryStream();
        await context.Request.Body.CopyToAsync(body, stop);
        return Results.StatusCode(_waiting.Writer.TryWrite((kind, body.ToArray())) ? StatusCodes.Status202Accepted : StatusCodes.Status503ServiceUnavailable);
    }

    /// <inheritdoc/>
    protected override async Task ExecuteAsync(CancellationToken stoppingToken)
    {
        await foreach (var (kind, message) in _waiting.Reader.ReadAllAsync(stoppingToken)) await TeachAsync(kind, message, stoppingToken);
    }

    private async Task TeachAsync(string kind, byte[] message, CancellationToken stop)
    {
        try
        {
            using var request = new HttpRequestMessage(HttpMethod.Post, new Uri(settings.Rspamd!.Controller, $"/learn{kind}"))
            {
                Content = new ByteArrayContent(message),
                Headers = { { "Password", settings.Rspamd.Password } },
            };
            using var answer = await _rspamd.SendAsync(request, stop);
            // 208: it knows the message already; 404: there are too few words in it.
            if (!answer.IsSuccessStatusCode && answer.StatusCode != HttpStatusCode.NotFound) LogRefused((int)answer.StatusCode);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !stop.IsCancellationRequested))
        {
            LogAway(e);
        }
    }

    /// <inheritdoc/>
    public override void Dispose()
    {
        base.Dispose();
        _rspamd.Dispose();
    }

    /// <summary>How many messages a login has handed over today, up to one more than it may.</summary>
    internal int TaughtBy(string login) => _taught.GetValueOrDefault(login);

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
