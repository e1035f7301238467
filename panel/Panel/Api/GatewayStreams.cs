namespace Hikyaku.Panel.Api;

/// <summary>
/// What goes through the panel as it comes and is never kept here whole: files on their way to the gateway, and exports and events on
/// their way to the browser.
/// </summary>
public sealed class GatewayStreams(HttpClient http, GatewayClient gateway, IHttpContextAccessor accessor, IHostApplicationLifetime lifetime)
{
    private const int PieceBytes = 32 * 1024;
    private static readonly TimeSpan QuietFor = TimeSpan.FromSeconds(2);

    private HttpContext Context => accessor.HttpContext ?? throw new InvalidOperationException("The gateway is asked within requests");

    /// <summary>Sends a CSV file on while it is read.</summary>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="file">The file.</param>
    /// <param name="key">The key under which the gateway does it once only.</param>
    public async Task<Outcome<T>> SendFileAsync<T>(string path, Stream file, string key)
    {
        using var content = new StreamContent(file, PieceBytes);
        content.Headers.ContentType = new("text/csv");
        using var request = new HttpRequestMessage(HttpMethod.Post, GatewayClient.AddressOf(path)) { Content = content };
        request.Headers.Add("Idempotency-Key", key);
        using var response = await AskAsync(request, Context.RequestAborted);
        return await gateway.OutcomeAsync<T>(response, GatewayClient.Correctable);
    }

    /// <summary>Hands an answer on to the browser. False, and nothing is sent yet, when it is refused for what was asked for.</summary>
    public async Task<bool> HandOnAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, GatewayClient.AddressOf(path));
        using var response = await AskAsync(request, Context.RequestAborted);
        if ((int)response.StatusCode == StatusCodes.Status422UnprocessableEntity) return false;
        await HandOnAsync(response, Context.RequestAborted);
        return true;
    }

    /// <summary>Hands server-sent events on until they end, the reader goes or this panel ends: then the browser comes again.</summary>
    public async Task FollowAsync(string path)
    {
        using var stop = CancellationTokenSource.CreateLinkedTokenSource(Context.RequestAborted, lifetime.ApplicationStopping);
        using var request = new HttpRequestMessage(HttpMethod.Get, GatewayClient.AddressOf(path));
        if (Context.Request.Headers["Last-Event-ID"].ToString() is { Length: > 0 } last) request.Headers.TryAddWithoutValidation("Last-Event-ID", last);
        using var response = await AskAsync(request, stop.Token);
        await HandOnAsync(response, stop.Token);
    }

    /// <summary>
    /// Reads what server-sent events there are now, for a page that is drawn once: until an event's id is as asked, so many have come, or
    /// none has for a moment. A refusal of what was asked for is the outcome's problem.
    /// </summary>
    /// <param name="path">Below <c>/api/v1/</c>.</param>
    /// <param name="most">At most so many.</param>
    /// <param name="isLast">Whether nothing behind an id is waited for; it is asked about the ids of signs of life, too.</param>
    public async Task<Outcome<EventExcerpt>> ExcerptAsync(string path, int most, Predicate<string> isLast)
    {
        ArgumentNullException.ThrowIfNull(isLast);
        using var request = new HttpRequestMessage(HttpMethod.Get, GatewayClient.AddressOf(path));
        using var response = await AskAsync(request, Context.RequestAborted);
        if (!response.IsSuccessStatusCode) return await gateway.OutcomeAsync<EventExcerpt>(response, GatewayClient.Correctable);
        using var quiet = CancellationTokenSource.CreateLinkedTokenSource(Context.RequestAborted);
        var (events, id, data) = (new List<SentEvent>(), "", "");
        try
        {
            using var lines = new StreamReader(await response.Content.ReadAsStreamAsync(quiet.Token));
            quiet.CancelAfter(QuietFor);
            while (events.Count < most && await lines.ReadLineAsync(quiet.Token) is { } line)
            {
                if (line.StartsWith("id: ", StringComparison.Ordinal)) id = line[4..];
                else if (line.StartsWith("data: ", StringComparison.Ordinal)) data = line[6..];
                else if (line.Length == 0)
                {
                    if (data.Length > 0) events.Add(new(id, data));
                    data = "";
                    if (isLast(id)) break;
                    quiet.CancelAfter(QuietFor);
                }
            }
        }
        catch (OperationCanceledException) when (!Context.RequestAborted.IsCancellationRequested)
        {
            // There is nothing more for the moment.
        }
        catch (IOException)
        {
            throw new GatewayRefusalException(StatusCodes.Status503ServiceUnavailable); // it broke off
        }

        return new(new(events, id), null);
    }

    /// <summary>Why a download would be refused; null when it would not. Nothing of it is read.</summary>
    public async Task<Problem?> RefusalOfAsync(string path)
    {
        using var request = new HttpRequestMessage(HttpMethod.Get, GatewayClient.AddressOf(path));
        using var response = await AskAsync(request, Context.RequestAborted);
        return response.IsSuccessStatusCode ? null : (await gateway.OutcomeAsync<object>(response, GatewayClient.Correctable)).Problem;
    }

    private async Task HandOnAsync(HttpResponseMessage response, CancellationToken stop)
    {
        if (!response.IsSuccessStatusCode) throw GatewayClient.RefusalOf(response);
        var to = Context.Response;
        to.StatusCode = (int)response.StatusCode; // 204 tells a follower that it knows the end
        if (to.StatusCode == StatusCodes.Status204NoContent) return;
        to.ContentType = response.Content.Headers.ContentType?.ToString();
        to.Headers.ContentDisposition = response.Content.Headers.ContentDisposition?.ToString();
        try
        {
            await using var body = await response.Content.ReadAsStreamAsync(stop);
            await to.Body.FlushAsync(stop);
            var piece = new byte[PieceBytes];
            for (int read; (read = await body.ReadAsync(piece, stop)) > 0;)
            {
                await to.Body.WriteAsync(piece.AsMemory(0, read), stop);
                await to.Body.FlushAsync(stop);
            }
        }
        catch (OperationCanceledException) when (stop.IsCancellationRequested)
        {
            // The reader has gone, or this panel ends.
        }
        catch (IOException)
        {
            Context.Abort(); // half a file must not look like a whole one
        }
    }

    private async Task<HttpResponseMessage> AskAsync(HttpRequestMessage request, CancellationToken stop)
    {
        gateway.AddReader(request.Headers);
        try
        {
            return await http.SendAsync(request, HttpCompletionOption.ResponseHeadersRead, stop);
        }
        catch (Exception e) when (e is HttpRequestException || (e is TaskCanceledException && !stop.IsCancellationRequested))
        {
            throw new GatewayRefusalException(StatusCodes.Status503ServiceUnavailable); // nobody there, or too slow
        }
    }
}

/// <summary>A server-sent event.</summary>
/// <param name="Id">From where a reader resumes behind it.</param>
/// <param name="Data">What it says.</param>
public sealed record SentEvent(string Id, string Data);

/// <summary>What there was of server-sent events.</summary>
/// <param name="Events">In their order.</param>
/// <param name="Through">From where a reader resumes: up to there, all that was asked for has come.</param>
public sealed record EventExcerpt(IReadOnlyList<SentEvent> Events, string Through);
