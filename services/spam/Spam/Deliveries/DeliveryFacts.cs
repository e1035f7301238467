using Hikyaku.Accounts.Contracts;
using Hikyaku.MailNode.Contracts;
using Hikyaku.Platform;
using MassTransit;

namespace Hikyaku.Spam.Deliveries;

/// <summary>What mail nodes tell of messages (OPS-4, OPS-7): a row for each step.</summary>
internal static class DeliveryFacts
{
    /// <summary>How long it is kept, in days.</summary>
    public const int KeptDays = 30;

    /// <summary>The table.</summary>
    public static readonly FactKind<DeliveryObserved> Kind = new(
        "delivery", "personal", "Tells an account's user, its administrators and operators where a message went and why.", KeptDays, d => d.At, d => d.Id)
    {
        AccountColumn = "account_id",
        Columns =
        [
            FactColumn.Text<DeliveryObserved>("account_id", d => d.AccountId, required: true), FactColumn.Text<DeliveryObserved>("direction", d => d.Direction, required: true),
            FactColumn.Text<DeliveryObserved>("kind", d => d.Kind, required: true), FactColumn.Text<DeliveryObserved>("delivery", d => d.Delivery),
            FactColumn.Text<DeliveryObserved>("way", d => d.Way, required: true), FactColumn.Text<DeliveryObserved>("queue_id", d => d.QueueId),
            FactColumn.Text<DeliveryObserved>("cause", d => d.Cause), FactColumn.Text<DeliveryObserved>("message_id", d => d.MessageId),
            FactColumn.Text<DeliveryObserved>("sender", d => d.Sender), FactColumn.Text<DeliveryObserved>("recipient", d => d.Recipient),
            FactColumn.Number<DeliveryObserved>("size", d => d.Size), FactColumn.Text<DeliveryObserved>("door", d => d.Door),
            FactColumn.Text<DeliveryObserved>("client", d => d.Client), FactColumn.Text<DeliveryObserved>("login", d => d.Login),
            FactColumn.Text<DeliveryObserved>("session", d => d.Session), FactColumn.Text<DeliveryObserved>("folder", d => d.Folder),
            FactColumn.Text<DeliveryObserved>("rules", d => d.Rules), FactColumn.Text<DeliveryObserved>("dsn", d => d.Dsn),
            FactColumn.Text<DeliveryObserved>("relay", d => d.Relay), FactColumn.Text<DeliveryObserved>("answer", d => d.Answer),
            FactColumn.Text<DeliveryObserved>("verdict", d => d.Verdict?.Kind), FactColumn.Fraction<DeliveryObserved>("score", d => d.Verdict?.Score),
            FactColumn.Text<DeliveryObserved>("virus", d => d.Verdict?.Virus),
        ],
        Indexes =
            """
            create index if not exists delivery_begins on delivery (account_id, direction, at) where kind = 'taken' or (kind = 'refused' and delivery = id);
            create index if not exists delivery_steps on delivery (account_id, delivery);
            create index if not exists delivery_sessions on delivery (account_id, session) where session is not null;
            create index if not exists delivery_replies on delivery (account_id, cause) where way = 'reply';
            """,
    };

    /// <summary>Adds table and erasure to the service.</summary>
    public static void AddDeliveries(this IServiceCollection services)
    {
        services.AddFacts(Kind);
        services.AddStats(MailSeries.All);
    }

    /// <summary>Adds what the service hears and erases to its bus.</summary>
    public static void AddDeliveries(this IBusRegistrationConfigurator bus, string service)
    {
        bus.AddConsumer<DeliveriesConsumer>();
        bus.AddDeletionParticipant<ErasesDeliveries>(service);
    }

    /// <summary>Maps the calls (N-11).</summary>
    public static void MapDeliveries(this WebApplication app)
    {
        string[] all = [Roles.Operator, Roles.Admin, Roles.User];
        var group = app.MapGroup("/api/v1/accounts/{address}/deliveries");
        group.MapGet("", ListDeliveries.Handle).Produces<DeliveryPage>().Allow(Scope.Account, all).WithSummary("List messages of an account and what became of them");
        group.MapGet("/{id}", ReadDelivery.Handle).Produces<DeliveryView>().Allow(Scope.Account, all).WithSummary("Read what became of a message, step by step");
        app.MapStats();
    }
}

/// <summary>
/// Stores what nodes tell. A message that comes again finds its facts there; one that could be none is left out, as a node of
/// another version may say what this one does not know.
/// </summary>
public sealed class DeliveriesConsumer(FactTable<DeliveryObserved> table) : IConsumer<DeliveriesObserved>
{
    /// <inheritdoc/>
    public Task Consume(ConsumeContext<DeliveriesObserved> context)
    {
        var observed = context.Message;
        return table.AddAsync(observed.Node, observed.Deliveries.Where(d => d is { Id.Length: > 0, AccountId.Length: > 0, Kind.Length: > 0, Direction.Length: > 0, Way.Length: > 0 }), context.CancellationToken);
    }
}

/// <summary>Erases what is kept of a deleted account (OPS-6).</summary>
internal sealed class ErasesDeliveries(FactTable<DeliveryObserved> table) : IErasesAccounts
{
    public Task EraseAsync(MailAccountDeletionStarted deletion, CancellationToken stop) => table.EraseAsync(deletion.AccountId, stop);
}
