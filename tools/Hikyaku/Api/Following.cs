using System.Text.Json;
using Hikyaku.CommandLine.Output;

namespace Hikyaku.CommandLine.Api;

/// <summary>
/// Follows a stream. A connection that ends, by itself or with a program on the way, is opened again after the last event that came, so that
/// none is missed and none comes twice. Every refusal but 'later' ends it.
/// </summary>
internal sealed class Following(ApiClient api, Printer output)
{
    private static readonly TimeSpan Silence = TimeSpan.FromSeconds(30); // signs of life come every five or ten
    private static readonly TimeSpan LongestPause = TimeSpan.FromSeconds(30);
    private static readonly TimeSpan LongestWait = TimeSpan.FromMinutes(5); // when it is told to come later
    private TimeSpan _retry = TimeSpan.FromSeconds(2);
    private bool _hasBegun;
    private int _failures; // since something came

    /// <summary>The last position that came; null before the first.</summary>
    public string? Position { get; private set; }

    /// <summary>Follows until <paramref name="take"/> answers that it has enough, or the server that nothing more comes.</summary>
    public async Task FollowAsync(string path, Func<StreamEvent, bool> take, CancellationToken stop)
    {
        while (!await IsOverAsync(path, take, stop)) await Task.Delay(Pause, stop);
    }

    /// <summary>Reads one connection to its end; nothing is opened again.</summary>
    /// <returns>Whether nothing more is wanted or will come.</returns>
    public async Task<bool> ReadAsync(string path, Func<StreamEvent, bool> take, CancellationToken stop)
    {
        using var answer = await api.OpenAsync(path, Position, stop);
        if (answer is null) return true;
        if (_failures > 0) output.Note(CommandTexts.ConnectedAgain);
        (_hasBegun, _failures) = (true, 0);
        try
        {
            await foreach (var e in ServerSentEvents.ReadAsync(await answer.Content.ReadAsStreamAsync(stop), Silence, stop))
            {
                _retry = e.Retry ?? _retry;
                var isWanted = take(e);
                Position = e.Id ?? Position;
                if (!isWanted) return true;
            }
        }
        catch (Exception e) when (ApiClient.IsLost(e, stop))
        {
            throw api.Lost(e);
        }
        catch (JsonException)
        {
            throw api.NotTheApi();
        }

        return false;
    }

    private async Task<bool> IsOverAsync(string path, Func<StreamEvent, bool> take, CancellationToken stop)
    {
        try
        {
            return await ReadAsync(path, take, stop);
        }
        catch (ApiUnreachableException e) when (_hasBegun) // at the beginning the address may be wrong
        {
            if (_failures++ == 0) output.Note($"{e.Message} {CommandTexts.TryingAgain}");
        }
        catch (ApiRefusalException e) when (e.RetryAfter is { } wait)
        {
            if (_failures++ == 0) output.Note(string.Join(' ', e.Lines));
            await Task.Delay(wait < LongestWait ? wait : LongestWait, stop);
        }

        return false;
    }

    // Twice as long after each failure.
    private TimeSpan Pause => TimeSpan.FromSeconds(Math.Min(LongestPause.TotalSeconds, _retry.TotalSeconds * Math.Pow(2, Math.Max(0, _failures - 1))));
}
