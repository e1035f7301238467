using Hikyaku.Feed.Notices.ByMail;
using Hikyaku.Platform;
using MassTransit;

namespace Hikyaku.Feed.Notices;

/// <summary>The message board: its services and its endpoints.</summary>
public static class NoticeEndpoints
{
    /// <summary>Registers it; after the feed's own tables.</summary>
    public static void AddNotices(this IServiceCollection services, IConfiguration configuration)
    {
        services.AddHostedService<NoticeTables>();
        services.AddHostedService<MailTables>();
        services.AddSingleton<NoticeBoard>();
        services.AddSingleton<MailQueue>();
        var mail = MailSettings.Read(configuration);
        services.AddSingleton(mail);
        if (mail.Submission is not null) services.AddHostedService<NoticeMailer>();
    }

    /// <summary>Hears of notices, and of the accounts whose notices go; before the feed erases accounts' addresses, by which mailboxes are known.</summary>
    public static void AddNotices(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<NoticeConsumer>();
        bus.AddDeletionParticipant<ErasesNotices>("feed", Recorders.Queue);
    }

    /// <summary>Maps it.</summary>
    public static void MapNotices(this WebApplication app)
    {
        var notices = app.MapGroup("/api/v1/notices");
        notices.MapGet("", ReadNotices.Handle).Produces<NoticePage>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Read the message board");
        notices.MapPatch("/{id}", MarkNotices.One).Produces<NoticeView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Mark a notice as read or unread");
        notices.MapPost("/read-all", MarkNotices.All).Produces(204)
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Mark all notices as read");
        var byMail = app.MapGroup("/api/v1/me/notices-by-mail");
        byMail.MapGet("", NoticesByMail.Read).Produces<NoticesByMailView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Read where one's notices are mailed to");
        byMail.MapPut("", NoticesByMail.Set).Produces<NoticesByMailView>()
            .Allow(Scope.None, Roles.Operator, Roles.Admin, Roles.User).WithSummary("Have one's notices mailed, too")
            .WithDescription("What the message board shows from now on is also sent to `address`, in `language` (of the request, unless given). Without an address nothing is sent. What is told of an account to others than its user is never sent to that account's mailbox.");
    }
}
