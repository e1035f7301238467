using System.Diagnostics.Metrics;
using Hikyaku.Platform;

namespace Hikyaku.Feed.Notices.ByMail;

/// <summary>Sends notices by mail.</summary>
public sealed class NoticeMailer(IConfiguration configuration, MailSettings settings, MailQueue queue, TimeProvider time, ILogger<NoticeMailer> logger)
    : QueuedMailSender<NoticeMail>(configuration, "notice-mailer", LockKey, MailQueue.Channel, settings, queue, Mails, time, logger)
{
    private const long LockKey = 0x6E6F_7469_6365_73;
    private static readonly Counter<long> Mails = Telemetry.Meter.CreateCounter<long>("hikyaku.feed.notice_mails", description: "Attempts to send notices by mail, by outcome");
}
