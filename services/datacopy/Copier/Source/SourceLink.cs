namespace Hikyaku.Copier;

/// <summary>
/// A connection to the source that is made again when it is lost, and waits when the source asks for it: first shortly, then twice as
/// long each time, and as long as the server says if it does. It gives up after several attempts in a row that have brought nothing.
/// </summary>
internal sealed class SourceLink(SourceConnector connector, CopySource source, CopySettings settings, SourceRoute? route = null) : IDisposable
{
    private SourceSession? _session;
    private int _attempts;

    /// <summary>How the source was reached; null: it has not been yet.</summary>
    public SourceRoute? Route { get; private set; } = route;

    /// <summary>The session; made when there is none.</summary>
    public async Task<SourceSession> SessionAsync(CancellationToken stop)
    {
        if (_session is not null) return _session;
        _session = await connector.OpenAsync(source, Route, stop);
        Route = _session.Route;
        return _session;
    }

    /// <summary>Something was copied: the attempts are counted anew.</summary>
    public void Progressed() => _attempts = 0;

    /// <summary>Ends the session and waits; false when it is no use to try again.</summary>
    public async Task<bool> PauseAsync(CopyFailedException failed, CancellationToken stop)
    {
        if (failed.Kind != CopyFailureKind.Unsuitable) Dispose(); // one command was refused: the session is as good as before
        if (!failed.MayPass || ++_attempts >= settings.Attempts) return false;
        await Task.Delay(Pause(failed.Failure.Detail, _attempts, settings), stop);
        return true;
    }

    /// <summary>Ends the session; the next call makes one.</summary>
    public void Dispose()
    {
        _session?.Dispose();
        _session = null;
    }

    /// <summary>How long is waited before an attempt.</summary>
    internal static TimeSpan Pause(string said, int attempt, CopySettings settings)
    {
        var own = settings.FirstPause * Math.Pow(2, attempt - 1);
        var pause = SourceFailures.SuggestedPause(said) is { } suggested && suggested > own ? suggested : own;
        return pause < settings.LongestPause ? pause : settings.LongestPause;
    }
}
