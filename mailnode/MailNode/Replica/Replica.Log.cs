namespace Hikyaku.MailNode;

// What the replica logs; see Replica.cs.
public sealed partial class Replica
{
    [LoggerMessage(1, LogLevel.Warning, "{File} cannot be read; it will be made anew from a list")]
    private partial void LogUnreadable(Exception e, string file);

    [LoggerMessage(2, LogLevel.Warning, "{File} is gone, damaged or another file; it will be made anew from a list")]
    private partial void LogLost(string file);

    [LoggerMessage(3, LogLevel.Information, "{File} has another form; it will be made anew from a list")]
    private partial void LogOtherVersion(string file);

    [LoggerMessage(4, LogLevel.Warning, "{File} is an older copy or another node's; it will be made anew from a list")]
    private partial void LogOlderCopy(string file);

    [LoggerMessage(5, LogLevel.Warning, "What was still to be told to the services cannot be read from {File}")]
    private partial void LogFactsLost(Exception e, string file);

    [LoggerMessage(6, LogLevel.Warning, "{File} cannot be written; an older copy of the replica would be known later only")]
    private partial void LogNotMarked(Exception e, string file);

    [LoggerMessage(7, LogLevel.Warning, "What is in the log of {File} cannot be copied into it; that is tried again after the next change")]
    private partial void LogNotCopied(Exception e, string file);
}
