using Hikyaku.Platform;
using MassTransit;

namespace Hikyaku.Feed.Notices;

/// <summary>The message board: its services and its endpoints.</summary>
public static class NoticeEndpoints
{
    /// <summary>Registers it.</summary>
    public static void AddNotices(this IServiceCollection services)
    {
        services.AddHostedService<NoticeTables>();
        services.AddSingleton<NoticeBoard>();
    }

    /// <summary>Hears of notices, and of the accounts whose notices go.</summary>
    public static void AddNotices(this IBusRegistrationConfigurator bus)
    {
        bus.AddConsumer<NoticeConsumer>();
        bus.AddDeletionParticipant<ErasesNotices>("feed");
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
    }
}
