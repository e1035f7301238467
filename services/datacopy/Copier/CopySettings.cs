namespace Hikyaku.Copier;

/// <summary>Bounds of a copy.</summary>
public sealed record CopySettings
{
    /// <summary>A larger message is skipped (CPY-3).</summary>
    public long MaxMessageBytes { get; init; } = 100 * 1024 * 1024;

    /// <summary>A larger message waits in a temporary file, a smaller one in memory.</summary>
    public int SpoolAboveBytes { get; init; } = 1024 * 1024;

    /// <summary>How many messages one FETCH of bodies asks for.</summary>
    public int FetchMessages { get; init; } = 500;

    /// <summary>How many bytes one FETCH of bodies asks for, by the sizes that the source tells; a larger message is asked for alone.</summary>
    public long FetchBytes { get; init; } = 32 * 1024 * 1024;

    /// <summary>How many messages one MULTIAPPEND writes.</summary>
    public int AppendMessages { get; init; } = 100;

    /// <summary>How many bytes one MULTIAPPEND writes; a larger message is written alone.</summary>
    public long AppendBytes { get; init; } = 8 * 1024 * 1024;

    /// <summary>How many connections to the source there are at the same time.</summary>
    public int SourceConnections { get; init; } = 2;

    /// <summary>How long connecting, the TLS handshake and the greeting may take, each.</summary>
    public TimeSpan ConnectWithin { get; init; } = TimeSpan.FromSeconds(15);

    /// <summary>How long the source may say nothing while an answer is due.</summary>
    public TimeSpan SilenceWithin { get; init; } = TimeSpan.FromSeconds(60);

    /// <summary>How long an answer may take all in all, beside the time that its bytes take at the lowest rate.</summary>
    public TimeSpan AnswerWithin { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>The lowest rate, in bytes per second, at which the source must send what was asked for.</summary>
    public int LowestRate { get; init; } = 8 * 1024;

    /// <summary>How long the destination may take for one command.</summary>
    public TimeSpan DestinationWithin { get; init; } = TimeSpan.FromMinutes(3);

    /// <summary>How often in a row, without a message copied in between, a connection is made again.</summary>
    public int Attempts { get; init; } = 6;

    /// <summary>The pause before the first new attempt; it doubles with each.</summary>
    public TimeSpan FirstPause { get; init; } = TimeSpan.FromSeconds(2);

    /// <summary>The longest pause, also when the source asks for a longer one.</summary>
    public TimeSpan LongestPause { get; init; } = TimeSpan.FromMinutes(5);

    /// <summary>
    /// How long a session at the destination, whose connection was lost, is given to finish writing, before it is looked whether it has written.
    /// </summary>
    public TimeSpan SettleAfter { get; init; } = TimeSpan.FromSeconds(2);
}
