using System.Diagnostics.Metrics;
using Hikyaku.Platform;

namespace Hikyaku.DataCopy.Mails;

/// <summary>Sends the mails that tell how copies have ended. Once the server has taken one, a bounce changes nothing.</summary>
public sealed class EndMailer(IConfiguration configuration, MailSettings settings, MailQueue queue, TimeProvider time, ILogger<EndMailer> logger)
    : QueuedMailSender<EndMail>(configuration, "copy-mailer", LockKey, channel: null, settings, queue, Mails, time, logger)
{
    private const long LockKey = 0x636F_7079_6D61_69;
    private static readonly Counter<long> Mails = Telemetry.Meter.CreateCounter<long>("hikyaku.datacopy.mails", description: "Attempts to send mails about copies, by outcome");
}
