namespace Hikyaku.CommandLine;

/// <summary>What the process ends with (docs/command-line.md).</summary>
public static class ExitCodes
{
    /// <summary>It was done.</summary>
    public const int Done = 0;

    /// <summary>The API refused it, or the job that was followed has failed or was cancelled.</summary>
    public const int Refused = 1;

    /// <summary>The command, the address or the token cannot be used as they are.</summary>
    public const int Usage = 2;

    /// <summary>The API cannot be reached, or what answers is not the API.</summary>
    public const int Unreachable = 3;

    /// <summary>Somebody ended it by Ctrl+C.</summary>
    public const int Interrupted = 130;
}
